import type { Outcome } from '#contract/verdict';
import type { AnswerBlock } from '#replay/protocol';

/** Numbers from a seed (mulberry32): the same night again, on any machine. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One reply of the researcher, whole. */
export interface Step {
  content: readonly AnswerBlock[];
  stopReason?: string;
  /** What the answer of its tools must show for the conversation to go on; else it goes back to that step. */
  needs?: { words: RegExp; orBackTo: number };
}

/** What the server does to a request in place of answering it, or before it does. */
export type Disturbance =
  | 'overload (529)'
  | 'rate limit (429)'
  | 'disconnect in mid-stream'
  | 'SSE error in mid-stream'
  | 'silent stream'
  | 'hint'
  | 'pause and resume'
  | 'TASK.md edited'
  | 'kill -9 before an answer'
  | 'kill -9 in mid-stream'
  | 'kill -9 while training'
  | 'kill -9 while judging'
  | 'key refused (401)'
  | 'request refused (400)';

export interface SprintPlan {
  /** What kind of sprint it is, in words. */
  story: string;
  steps: Step[];
  /** The step whose request is disturbed. */
  disturbed: Map<number, Disturbance>;
  /** Faults that stand in the steps themselves. */
  faults: string[];
  /** How the sprint must end; one of these. */
  outcomes: Outcome[];
  /** The number that the judge must give; null where nothing comes to be judged. */
  f1: number | null;
}

const use = (name: string, input: object): AnswerBlock => ({ type: 'tool_use', name, input });
const call = (name: string, input: object = {}): Step => ({ content: [use(name, input)] });
const bash = (command: string) => call('bash', { command });

/** Steps that a sprint can have on top, after it was started. Each is a fault of its own. */
const DETOURS: Record<string, Step> = {
  'malformed tool input': { content: [{ ...use('bash', {}), partialJson: '{"command": "ls", ' }] },
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
const TRAINERS: Record<string, string> = {
  slow: 'timeout',
  forks: 'timeout',
  stubborn: 'timeout',
  diverges: 'diverged',
  killed: '(out-of-memory|killed|failed)',
  mute: 'failed',
  floods: 'finished',
};

const STORIES = [
  ...['gain', 'gain', 'gain', 'gain', 'gain'],
  ...['small', 'worse', 'degenerate', 'invalid', 'nothing'],
  ...['refusal', 'context window full', 'request refused (400)', 'key refused (401)'],
  ...Object.keys(TRAINERS).map((name) => `trainer: ${name}`),
];

const DISTURBANCES: Disturbance[] = [
  'overload (529)',
  'rate limit (429)',
  'disconnect in mid-stream',
  'SSE error in mid-stream',
  'silent stream',
  'hint',
  'pause and resume',
  'TASK.md edited',
  'kill -9 before an answer',
  'kill -9 in mid-stream',
  'kill -9 while training',
  'kill -9 while judging',
];

/** Ends of a conversation that leave nothing to disturb after them. */
const ENDINGS: Record<string, { step: Step; outcomes: Outcome[] }> = {
  refusal: {
    step: { content: [{ type: 'text', text: 'I would rather not.' }], stopReason: 'refusal' },
    outcomes: ['failed'],
  },
  'context window full': {
    step: { content: [{ type: 'text', text: 'So much' }], stopReason: 'model_context_window_exceeded' },
    outcomes: ['interrupted', 'failed'],
  },
  'request refused (400)': { step: call('read_results'), outcomes: ['failed'] },
  'key refused (401)': { step: call('read_results'), outcomes: ['interrupted'] },
};

/**
 * A night by its seed: every story once, in any order, and over them every detour and every disturbance once. What must come out is
 * worked out here, by the rules of the task and not by the supervisor's code.
 */
export function planNight(seed: number): SprintPlan[] {
  const random = randomFrom(seed);
  const stories = shuffled(STORIES, random);
  const calm = shuffled(
    indices(stories, (story) => !(story in ENDINGS)),
    random,
  );
  const detours = new Map(Object.keys(DETOURS).map((name, i) => [calm[i % calm.length], name]));
  const disturbances = assign(DISTURBANCES, stories, random);
  let best: { f1: number; mcc: number } | null = null;
  return stories.map((story, index) => {
    const f1 = numberFor(story, best, index);
    const detour = detours.get(index);
    const disturbance = disturbances.get(index);
    const plan = sprint(story, index, f1, detour, disturbance === 'kill -9 while training');
    if (disturbance) plan.disturbed.set(placeOf(disturbance, plan, random), disturbance);
    if (story in ENDINGS) plan.outcomes = ENDINGS[story].outcomes;
    else if (story === 'nothing') plan.outcomes = ['no-gain'];
    else if (story === 'invalid') plan.outcomes = ['invalid'];
    else if (best === null) plan.outcomes = ['new-best'];
    else if (story === 'small' || story === 'worse') plan.outcomes = ['no-gain'];
    else plan.outcomes = [story === 'degenerate' ? 'degenerate' : 'new-best'];
    if (plan.outcomes[0] === 'new-best') best = { f1, mcc: mccOf(story) };
    // New rules hold from the next sprint on, and begin a new leaderboard.
    if (disturbance === 'TASK.md edited') best = null;
    if (story in ENDINGS || story === 'nothing') plan.f1 = null;
    return plan;
  });
}

const mccOf = (story: string) => (story === 'degenerate' ? 0.2 : 0.6);

/** A number that no other sprint has, on the right side of the best and its noise of 0.01. */
function numberFor(story: string, best: { f1: number } | null, index: number): number {
  const change = { small: 0.005, worse: -0.1, degenerate: 0.05 }[story] ?? 0.02;
  return Number(((best?.f1 ?? 0.3) + change + index * 1e-5).toFixed(5));
}

function sprint(
  story: string,
  index: number,
  f1: number,
  detour: string | undefined,
  slow: boolean,
): SprintPlan {
  const steps: Step[] = [
    call('read_results'),
    call('start_sprint', {
      slug: `s${index + 1}`,
      title: `Sprint of the night ${index + 1}`,
      idea: `Idea ${index + 1}, ${story}.`,
      motivation: 'It stands in the script.',
      expectation: 'What the script says.',
      predicted: { f1 },
    }),
  ];
  const faults: string[] = [];
  if (detour) {
    steps.push(DETOURS[detour]);
    faults.push(detour);
  }
  const plan = (rest: Step[]): SprintPlan => {
    steps.push(...rest);
    return { story, steps, disturbed: new Map(), faults, outcomes: [], f1 };
  };
  if (story in ENDINGS) {
    const { step } = ENDINGS[story];
    const made = plan([step]);
    if (story.startsWith('re') && story !== 'refusal')
      made.disturbed.set(steps.length - 1, 'request refused (400)');
    if (story.startsWith('key')) made.disturbed.set(steps.length - 1, 'key refused (401)');
    if (made.disturbed.size === 0) faults.push(story);
    return made;
  }
  steps.push(
    call('str_replace_based_edit_tool', {
      command: 'create',
      path: 'work/number.json',
      file_text: `${JSON.stringify({ f1, mcc: mccOf(story) })}\n`,
    }),
  );
  const trainer = story.startsWith('trainer: ') ? story.slice('trainer: '.length) : null;
  if (trainer) {
    faults.push(`trainer ${trainer}`);
    steps.push(...run(steps.length, trainer, TRAINERS[trainer], { samples: 900 }));
  }
  const budget = story === 'invalid' ? { samples: 2000 } : { budget: 'count' };
  steps.push(...run(steps.length, slow ? 'steady' : 'plain', 'finished', budget));
  return plan([
    call('finish_sprint', { summary: `It was ${story}.`, candidate: story === 'nothing' ? null : '$RUN' }),
  ]);
}

/** A run and the wait for it; where it ended otherwise (the supervisor was killed meanwhile), it is made again. */
function run(at: number, experiment: string, ending: string, budget: object): Step[] {
  const wait = call('wait_for_experiment', { run: '$RUN' });
  return [
    call('run_experiment', { experiment, ...budget }),
    { ...wait, needs: { words: new RegExp(`\\| ${ending}`), orBackTo: at } },
  ];
}

/** Each disturbance to a calm sprint of its own; a kill in training to one that only trains. */
function assign(
  disturbances: readonly Disturbance[],
  stories: readonly string[],
  random: () => number,
): Map<number, Disturbance> {
  const places = shuffled(
    indices(stories, (story) => !(story in ENDINGS) && story !== 'gain'),
    random,
  );
  const gains = shuffled(
    indices(stories, (story) => story === 'gain'),
    random,
  );
  const assigned = new Map<number, Disturbance>();
  for (const disturbance of disturbances) {
    const own = disturbance.startsWith('kill') ? gains : places;
    assigned.set(own.shift() ?? (places.shift() as number), disturbance);
  }
  return assigned;
}

function placeOf(disturbance: Disturbance, { steps }: SprintPlan, random: () => number): number {
  if (disturbance === 'kill -9 while judging') return steps.length - 1;
  if (disturbance === 'kill -9 while training') return steps.length - 2;
  // After start_sprint, and with a turn left in which a hint can be seen.
  return 2 + Math.floor(random() * (steps.length - 4));
}

const indices = (stories: readonly string[], fits: (story: string) => boolean) =>
  stories.flatMap((story, index) => (fits(story) ? [index] : []));

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const left = [...items];
  return items.map(() => left.splice(Math.floor(random() * left.length), 1)[0]);
}
