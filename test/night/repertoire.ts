import type { Outcome } from '#contract/verdict';
import type { AnswerBlock } from '#replay/protocol';

/** One reply of the researcher, whole. */
export interface Step {
  content: readonly AnswerBlock[];
  stopReason?: string;
  /** What the answer of its tools must show for the conversation to go on; else it goes back to that step. */
  needs?: { words: RegExp; orBackTo: number };
}

/** What the server does to a request in place of answering it, or before it does; each once in a night. */
export const DISTURBANCES = [
  'overload (529)',
  'rate limit (429)',
  'disconnect in mid-stream',
  'SSE error in mid-stream',
  'silent stream',
  'malformed tool input',
  'hint',
  'pause and resume',
  'TASK.md edited',
  'kill -9 before an answer',
  'kill -9 in mid-stream',
  'kill -9 while training',
  'kill -9 while judging',
] as const;
export type Disturbance = (typeof DISTURBANCES)[number] | 'key refused (401)' | 'request refused (400)';

export const use = (name: string, input: object): AnswerBlock => ({ type: 'tool_use', name, input });
export const call = (name: string, input: object = {}): Step => ({ content: [use(name, input)] });
const bash = (command: string) => call('bash', { command });

/** Steps that a sprint can have on top, after it was started. Each is a fault of its own. */
export const DETOURS: Record<string, Step> = {
  'unknown tool': call('launch_rocket', { to: 'the moon' }),
  'wrong tool input': call('run_experiment', { experiment: 7 }),
  'parallel calls': {
    content: [use('read_results', {}), use('bash', { command: 'ls work' }), use('read_results', {})],
  },
  'max_tokens inside a call': {
    content: [{ ...use('bash', {}), partialJson: '{"command": "echo half a' }],
    stopReason: 'max_tokens',
  },
  pause_turn: { content: [{ type: 'text', text: 'A moment.' }], stopReason: 'pause_turn' },
  'a command that floods': bash('yes flood | head -c 30000000'),
  'a command that leaves a process': bash('setsid sleep 987 & (trap "" TERM; sleep 986) & echo left'),
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

/** Ends of a conversation that leave nothing to disturb after them: in its own words, or by what becomes of its request. */
export const ENDINGS: Record<string, { step: Step; disturbance?: Disturbance; outcomes: Outcome[] }> = {
  refusal: {
    step: { content: [{ type: 'text', text: 'I would rather not.' }], stopReason: 'refusal' },
    outcomes: ['failed'],
  },
  'context window full': {
    step: { content: [{ type: 'text', text: 'So much' }], stopReason: 'model_context_window_exceeded' },
    outcomes: ['interrupted', 'failed'],
  },
  'bad request': {
    step: call('read_results'),
    disturbance: 'request refused (400)',
    outcomes: ['failed'],
  },
  'bad key': { step: call('read_results'), disturbance: 'key refused (401)', outcomes: ['interrupted'] },
};

/** A run and the wait for it; where it ended otherwise (the supervisor was killed meanwhile), it is made again. */
export function run(at: number, experiment: string, ending: string, budget: object): Step[] {
  const wait = call('wait_for_experiment', { run: '$RUN' });
  return [
    call('run_experiment', { experiment, ...budget }),
    { ...wait, needs: { words: new RegExp(`\\| ${ending}`), orBackTo: at } },
  ];
}
