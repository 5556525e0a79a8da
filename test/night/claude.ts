import type { Answer, AnswerBlock, MessagesRequest, Reply } from '#replay/protocol';
import { billFor } from './books.ts';
import type { SprintPlan } from './plan.ts';
import { randomFrom } from './random.ts';
import { type Disturbance, use } from './repertoire.ts';

/** What the night's server can do to the world outside of an answer. */
export interface Hands {
  /** Kills the supervisor, after so many milliseconds. */
  kill(afterMs: number): void;
  hint(text: string): Promise<void>;
  /** Pauses the loop, and resumes it later; `resumed` is called before that. */
  pause(resumed: () => void): Promise<void>;
  editTask(): void;
  /** `npm run stop`: the turn is finished, and the loop ends well. */
  stop(): Promise<void>;
}

/** What the server saw and did: counted as it happens, and compared with the supervisor's word afterwards. */
export interface Account {
  usd: number;
  requests: number;
  injected: Map<string, number>;
  problems: string[];
  hintSeen: boolean;
  /** Whether the plan was played to its end and the loop asked to stop. */
  stopped: boolean;
}

const HINT = 'Mind the step in the dark.';
const FAILED_ATTEMPTS = 2;
const TALK_TOKENS = 3500;

/**
 * Plays Claude for a night: says what the plan has for the sprint and the step that the conversation has come to, disturbs what is to
 * be disturbed, and keeps its own books. After the plan's last sprint it has the loop stopped; in another loop it only talks, at great
 * length, until the money is at its end.
 */
export function playNight(plans: readonly SprintPlan[], seed: number, hands: Hands) {
  const random = randomFrom(seed + 1);
  const account: Account = {
    usd: 0,
    requests: 0,
    injected: new Map(),
    problems: [],
    hintSeen: false,
    stopped: false,
  };
  const done = new Map<string, number>();
  let paused = false;

  const count = (what: string) => account.injected.set(what, (account.injected.get(what) ?? 0) + 1);
  const say = (request: MessagesRequest, reply: Reply, atLeast = 0): Reply => {
    const { usage, usd } = billFor(request, reply.content, random, atLeast);
    account.usd += usd;
    return { ...reply, usage };
  };

  /** Null where the request is to be answered after all. */
  async function disturb(
    what: Disturbance,
    request: MessagesRequest,
    reply: Reply,
    key: string,
  ): Promise<Answer | null> {
    const times = (done.get(key) ?? 0) + 1;
    done.set(key, times);
    if (times === 1) count(what);
    const cut = (kind: 'disconnect' | 'silence' | 'error') =>
      times === 1 ? say(request, { ...reply, trouble: { kind, afterEvents: 3 } }) : null;
    const refused = (status: number, type: string) => ({
      status,
      type,
      message: 'acted out by the rehearsal',
    });
    switch (what) {
      case 'overload (529)':
        return times <= FAILED_ATTEMPTS ? refused(529, 'overloaded_error') : null;
      case 'rate limit (429)':
        return times <= FAILED_ATTEMPTS
          ? { ...refused(429, 'rate_limit_error'), headers: { 'retry-after': '1' } }
          : null;
      case 'request refused (400)':
        return refused(400, 'invalid_request_error');
      case 'key refused (401)':
        return times === 1 ? refused(401, 'authentication_error') : null;
      case 'disconnect in mid-stream':
        return cut('disconnect');
      case 'SSE error in mid-stream':
        return cut('error');
      case 'silent stream':
        return cut('silence');
      case 'malformed tool input':
        if (times > 1) return null;
        return say(request, { content: [{ ...use('bash', {}), partialJson: '{"command": "ls", ' }] });
      case 'kill -9 in mid-stream':
        if (times === 1) hands.kill(150);
        return cut('silence');
      case 'kill -9 before an answer':
        if (times > 1) return null;
        hands.kill(0);
        return { ...refused(500, 'api_error'), delay: 2000 };
      case 'kill -9 while training':
      case 'kill -9 while judging':
        if (times === 1) hands.kill(what.endsWith('training') ? 700 : 200);
        return null;
      case 'hint':
        if (times === 1) await hands.hint(HINT);
        return null;
      case 'TASK.md edited':
        if (times === 1) hands.editTask();
        return null;
      case 'pause and resume':
        if (times > 1) return null;
        await hands.pause(() => {
          paused = false;
        });
        paused = true;
        return null;
    }
  }

  async function respond(request: MessagesRequest): Promise<Answer> {
    account.requests++;
    if (paused) account.problems.push('a call was made while the loop was paused');
    const text = JSON.stringify(request.messages);
    account.hintSeen ||= text.includes(HINT);
    const number = Number(/# Sprint (\d+)/.exec(text)?.[1]);
    const plan = plans[number - 1];
    if (!plan) {
      if (!account.stopped) await hands.stop();
      account.stopped = true;
      return say(request, talk(request), TALK_TOKENS);
    }
    const at = whereIn(plan, request);
    const step = plan.steps[at] ?? plan.steps[plan.steps.length - 1];
    const reply: Reply = { content: withRun(step.content, text), stopReason: step.stopReason };
    const what = plan.disturbed.get(at);
    const answer = what ? await disturb(what, request, reply, `${number}:${at}`) : null;
    if (answer) return answer;
    return say(request, reply);
  }

  for (const plan of plans) for (const fault of plan.faults) count(fault);
  return { account, respond };
}

/** The step that a conversation has come to: one further with each reply, unless its tools were cut off or did not show what it needs. */
function whereIn({ steps }: SprintPlan, { messages }: MessagesRequest): number {
  let at = 0;
  for (const [index, message] of messages.entries()) {
    if (message.role !== 'assistant') continue;
    const answered = JSON.stringify(messages[index + 1] ?? '');
    const { needs } = steps[at] ?? {};
    if (answered.includes('The loop was cut off during this call')) continue;
    if (needs && !needs.words.test(answered)) at = needs.orBackTo;
    else at++;
  }
  return at;
}

const RUN_ID = /\d{4}-\d\d-\d\d--\d\d-\d\d-\d\d-[a-z]+-s\d+(?:-\d+)?/g;

/** `$RUN` is the run that was named last. */
function withRun(content: readonly AnswerBlock[], text: string): AnswerBlock[] {
  const run = text.match(RUN_ID)?.at(-1) ?? 'none';
  return JSON.parse(JSON.stringify(content).replaceAll('$RUN', run)) as AnswerBlock[];
}

/** A researcher that starts a sprint and then only reads and talks. */
function talk({ messages }: MessagesRequest): Reply {
  const turn = messages.filter((message) => message.role === 'assistant').length;
  const input = {
    ...{ slug: 'talk', title: 'Talk until the money is gone', idea: 'Talk.', motivation: 'None.' },
    ...{ expectation: 'The limit.', predicted: {} },
  };
  const use = turn === 0 ? { name: 'start_sprint', input } : { name: 'read_results', input: {} };
  return { content: [{ type: 'tool_use', ...use }] };
}
