import type { Outcome } from '#contract/verdict';
import type { Disturbance } from './disturb.ts';
import { bash, call, fetched, fetchPage, look, type Step, say, search, searched, use } from './steps.ts';

/** Additional steps of a sprint, after start_sprint. Each detour is a fault of its own. */
export interface Detour {
  steps: readonly Step[];
  /** A disturbance of one of their requests: the one `after` steps after the first. */
  disturbed?: { after: number; what: Disturbance };
}

/** A turn that the API pauses while a search is pending. */
const paused: Step = { content: [say('A moment.'), search('pauses')], stopReason: 'pause_turn' };
/**
 * A server search and a client tool call in one reply: the search is run when the client's result has come.
 */
const mixed: Step = { content: [search('mixed turns'), look] };
const looking: Step = { content: [look] };

/** An unusual reply is followed by a call, so that there are never three of them in a row. */
export const DETOURS: Record<string, Detour> = {
  'unknown tool': { steps: [call('launch_rocket', { to: 'the moon' })] },
  'wrong tool input': { steps: [call('run_experiment', { experiment: 7 })] },
  'parallel calls': { steps: [{ content: [look, use('bash', { command: 'ls work' }), look] }] },
  'more than 20 calls in one reply': { steps: [{ content: Array.from({ length: 23 }, () => look) }] },
  'a command that floods': { steps: [bash('yes flood | head -c 30000000')] },
  'a command that leaves a process': {
    steps: [bash('setsid sleep 987 & (trap "" TERM; sleep 986) & echo left')],
  },
  'empty text beside thinking': {
    steps: [{ content: [{ type: 'thinking', thinking: 'Hm.' }, say(''), look] }],
  },
  'empty text between thinking': {
    steps: [
      {
        content: [
          { type: 'thinking', thinking: 'Hm.' },
          say(''),
          { type: 'thinking', thinking: 'So.' },
          look,
        ],
      },
    ],
  },
  'words alone': { steps: [{ content: [say('I think that is all.')] }] },
  'context window full once': {
    steps: [{ content: [say('So much')], stopReason: 'model_context_window_exceeded' }, looking],
  },
  'max_tokens inside a call': {
    steps: [
      {
        content: [{ ...use('bash', {}), partialJson: '{"command": "echo half a' }],
        stopReason: 'max_tokens',
      },
      looking,
    ],
  },
  'max_tokens with a search pending': {
    steps: [{ content: [search('what is long')], stopReason: 'max_tokens' }, looking],
  },
  'max_tokens in a mixed turn': {
    steps: [
      {
        content: [search('what is long'), { ...use('bash', {}), partialJson: '{"command": "echo ha' }],
        stopReason: 'max_tokens',
      },
      looking,
    ],
  },
  'two searches and a page in one reply': {
    steps: [{ content: [...searched('one'), ...searched('two'), ...fetched, look] }],
  },
  'more searches than a reply may have': {
    steps: [{ content: [...searched('one'), ...searched('two'), ...searched('three'), look] }],
  },
  'mixed turn': { steps: [mixed, looking] },
  'mixed turn with a page': { steps: [{ content: [search('it'), fetchPage, look] }, looking] },
  'mixed turns in a row': { steps: [mixed, mixed, looking] },
  pause_turn: { steps: [paused, looking] },
  'pause_turn twice, then a mixed turn': { steps: [paused, paused, mixed, looking] },
  'hint with a search pending': {
    steps: [mixed, looking],
    disturbed: { after: 0, what: 'hint' },
  },
  'hint in a paused turn': {
    steps: [paused, looking],
    disturbed: { after: 1, what: 'hint' },
  },
  'refusal in a paused turn': {
    steps: [paused, looking],
    disturbed: { after: 1, what: 'refusal' },
  },
  'cut in a paused turn': {
    steps: [paused, looking],
    disturbed: { after: 1, what: 'cut in thinking' },
  },
  'kill -9 in a paused turn': {
    steps: [paused, looking],
    disturbed: { after: 1, what: 'kill -9 in mid-stream' },
  },
  'kill -9 with a search pending': {
    steps: [{ content: [search('mixed turns'), use('bash', { command: 'sleep 1; echo rested' })] }, looking],
    disturbed: { after: 0, what: 'kill -9 after an answer' },
  },
};

/** Experiments of the tiny trainer that go wrong, and how the run must end. */
export const TRAINERS: Record<string, string> = {
  slow: 'timeout',
  forks: 'timeout',
  stubborn: 'timeout',
  diverges: 'diverged',
  killed: '(out-of-memory|killed|failed)',
  mute: 'failed',
  floods: 'finished',
};

/** An end of a conversation that the server forces: by its reply, or by a disturbance of the request. */
interface Forced {
  step: Step;
  disturbance?: Disturbance;
  outcomes: Outcome[];
}

/** Forced ends of one sprint only. */
export const ENDINGS: Record<string, Forced> = {
  refusal: {
    step: { content: [say('I would rather not.')], stopReason: 'refusal' },
    outcomes: ['failed'],
  },
  'context window full': {
    step: { content: [say('So much')], stopReason: 'model_context_window_exceeded' },
    outcomes: ['interrupted', 'failed'],
  },
  'bad request': { step: looking, disturbance: 'request refused (400)', outcomes: ['failed'] },
};

/** Forced ends of a sprint and its loop. */
const LAST_WORDS: Record<string, Forced> = {
  'bad key': { step: looking, disturbance: 'key refused (401)', outcomes: ['interrupted'] },
  /** A researcher that only thinks and looks until the money limit is reached. */
  talk: { step: { ...looking, thinkingTokens: 3500 }, outcomes: ['interrupted'] },
};

export const FORCED: Record<string, Forced> = { ...ENDINGS, ...LAST_WORDS };
