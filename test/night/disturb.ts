import type { Answer, MessagesRequest, Refusal, Reply, Trouble } from '#replay/protocol';
import { pendingOf } from '#replay/rules/pending';
import { look, say, searched, use } from './steps.ts';

/** What the rehearsal can do beside answering a request. */
export interface Hands {
  /** Kills the supervisor, after so many milliseconds. */
  kill(afterMs: number): void;
  /** Cuts every connection, after so many milliseconds. */
  cutLine(afterMs: number): void;
  hint(text: string): Promise<void>;
  /** Pauses the loop, and resumes it later; `resumed` is called before that. */
  pause(resumed: () => void): Promise<void>;
  editTask(): void;
  /** `npm run stop`: the sprint is finished, and the loop ends well. */
  stop(): Promise<void>;
}

/** A request that is disturbed, and the reply that it would have had. */
export interface Scene {
  request: MessagesRequest;
  reply: Reply;
  hands: Hands;
  /** Gives a hint whose text no other hint has. */
  hint(): Promise<void>;
  pause(): Promise<void>;
}

/** Null where the request is answered as usual. */
type Act = (scene: Scene) => Answer | null | Promise<null>;

const refused =
  (status: number, type: string, more: Partial<Refusal> = {}) =>
  (): Refusal => ({
    ...{ status, type, message: 'acted out by the rehearsal' },
    ...more,
  });

/**
 * After how many events of a reply a stream is cut. The message start and a ping come first; then thinking
 * has four events, the text five, a call three, a search three and its results two.
 */
const AFTER = { thinking: 4, text: 8, call: 12, search: 9, results: 11, allButOne: 15 };

/**
 * A stream that fails after `afterEvents` events of its own reply. Results of pending calls come before
 * these, with two events each.
 */
const broken =
  (afterEvents: number, trouble: Omit<Trouble, 'afterEvents'>, content?: Reply['content']): Act =>
  ({ request }) => ({
    content: content ?? [say('It is like this. '.repeat(60)), look],
    trouble: { ...trouble, afterEvents: afterEvents + (afterEvents > 2 ? 2 * pendingOf(request).length : 0) },
  });
const cut = (afterEvents: number, content?: Reply['content']) =>
  broken(afterEvents, { kind: 'disconnect' }, content);
const withSearch = [...searched('what is cut'), say('Found.'), look];

/** Longer than the loop waits for an event of a stream. */
const PINGS_MS = 4000;

const ACTS = {
  'overload (529)': refused(529, 'overloaded_error'),
  'rate limit (429)': refused(429, 'rate_limit_error', { headers: { 'retry-after': '1' } }),
  "a proxy's page (403)": refused(403, '', { body: '<html><body>Are you a robot?</body></html>' }),
  'server error (500)': refused(500, 'api_error'),
  'request refused (400)': refused(400, 'invalid_request_error'),
  'key refused (401)': refused(401, 'authentication_error'),
  refusal: () => ({ content: [say('I would rather not.')], stopReason: 'refusal' }),
  'cut before the first event': cut(0),
  'cut in thinking': cut(AFTER.thinking),
  'cut in text': cut(AFTER.text),
  'cut in a call': cut(AFTER.call),
  'cut in a search': cut(AFTER.search, withSearch),
  'cut after a search': cut(AFTER.results, withSearch),
  'cut before its last event': cut(AFTER.allButOne),
  'line lost before an answer': ({ reply, hands }) => {
    hands.cutLine(300);
    return { ...reply, delay: 3000 };
  },
  'pings alone, then the line is lost': (scene) => {
    scene.hands.cutLine(PINGS_MS);
    return broken(2, { kind: 'pings' })(scene);
  },
  'SSE error in mid-stream': broken(AFTER.text, { kind: 'error' }),
  'SSE error before a word': broken(1, { kind: 'error', type: 'api_error' }),
  'silence before the first event': broken(0, { kind: 'silence' }),
  'silence in mid-stream': broken(AFTER.text, { kind: 'silence' }),
  'malformed tool input': () => ({ content: [{ ...use('bash', {}), partialJson: '{"command": nonsense}' }] }),
  'kill -9 before an answer': ({ reply, hands }) => {
    hands.kill(0);
    return { ...reply, delay: 2000 };
  },
  'kill -9 in mid-stream': (scene) => {
    scene.hands.kill(150);
    return broken(AFTER.thinking, { kind: 'silence' })(scene);
  },
  'kill -9 after an answer': ({ hands }) => then(() => hands.kill(500)),
  'kill -9 while training': ({ hands }) => then(() => hands.kill(700)),
  'kill -9 while judging': ({ hands }) => then(() => hands.kill(200)),
  hint: (scene) => scene.hint().then(() => null),
  'TASK.md edited': ({ hands }) => then(() => hands.editTask()),
  'pause and resume': (scene) => scene.pause().then(() => null),
} satisfies Record<string, Act>;

/** What the server does to a request, instead of answering it or before it answers. */
export type Disturbance = keyof typeof ACTS;

export const disturb = (what: Disturbance, scene: Scene): ReturnType<Act> => ACTS[what](scene);

function then(act: () => void): null {
  act();
  return null;
}
