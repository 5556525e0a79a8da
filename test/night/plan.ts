import type { Outcome } from '#contract/verdict';
import { randomFrom, shuffled } from './random.ts';
import {
  call,
  DETOURS,
  DISTURBANCES,
  type Disturbance,
  ENDINGS,
  run,
  type Step,
  TRAINERS,
} from './repertoire.ts';

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

const STORIES = [
  ...['gain', 'gain', 'gain', 'gain', 'gain'],
  ...['small', 'worse', 'degenerate', 'invalid', 'nothing'],
  ...Object.keys(ENDINGS),
  ...Object.keys(TRAINERS),
];

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
  let best: number | null = null;
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
    if (plan.outcomes[0] === 'new-best') best = f1;
    // New rules hold from the next sprint on, and begin a new leaderboard.
    if (disturbance === 'TASK.md edited') best = null;
    if (story in ENDINGS || story === 'nothing') plan.f1 = null;
    return plan;
  });
}

/** A number that no other sprint has, on the right side of the best and its noise of 0.01. */
function numberFor(story: string, best: number | null, index: number): number {
  const change = { small: 0.005, worse: -0.1, degenerate: 0.05 }[story] ?? 0.02;
  return Number(((best ?? 0.3) + change + index * 1e-5).toFixed(5));
}

/** A sprint from its first call to its last, before anything disturbs it. */
function sprint(
  story: string,
  index: number,
  f1: number,
  detour: string | undefined,
  slow: boolean,
): SprintPlan {
  const plan: SprintPlan = {
    ...{ story, f1, outcomes: [], disturbed: new Map() },
    faults: detour ? [detour] : [],
    steps: [call('read_results'), starting(story, index, f1), ...(detour ? [DETOURS[detour]] : [])],
  };
  const { steps, faults } = plan;
  if (story in ENDINGS) {
    const { step, disturbance } = ENDINGS[story];
    if (disturbance) plan.disturbed.set(steps.length, disturbance);
    else faults.push(story);
    steps.push(step);
    return plan;
  }
  const number = `${JSON.stringify({ f1, mcc: story === 'degenerate' ? 0.2 : 0.6 })}\n`;
  steps.push(
    call('str_replace_based_edit_tool', { command: 'create', path: 'work/number.json', file_text: number }),
  );
  if (story in TRAINERS) {
    faults.push(`trainer: ${story}`);
    steps.push(...run(steps.length, story, TRAINERS[story], { samples: 900 }));
  }
  const budget = story === 'invalid' ? { samples: 2000 } : { budget: 'count' };
  steps.push(...run(steps.length, slow ? 'steady' : 'plain', 'finished', budget));
  const candidate = story === 'nothing' ? null : '$RUN';
  steps.push(call('finish_sprint', { summary: `It was ${story}.`, candidate }));
  return plan;
}

function starting(story: string, index: number, f1: number): Step {
  const words = { motivation: 'It stands in the script.', expectation: 'What the script says.' };
  const title = `Sprint of the night ${index + 1}`;
  const idea = `Idea ${index + 1}, ${story}.`;
  return call('start_sprint', { slug: `s${index + 1}`, title, idea, ...words, predicted: { f1 } });
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
