import { randomFrom, shuffled } from '#agent/fixtures/random';
import type { StopCode } from '#contract/stop';
import type { Outcome } from '#contract/verdict';
import type { Disturbance } from './disturb.ts';
import { DETOURS, ENDINGS, FORCED, TRAINERS } from './repertoire.ts';
import { type SprintPlan, sprint } from './sprint.ts';

/** One loop from its start to its end, with its restarts after kills. */
export interface LoopPlan {
  name: string;
  limitUsd: number;
  sprints: SprintPlan[];
  /** Whether it is asked to stop in its last sprint. */
  stops: boolean;
  /** Why it must end. */
  code: StopCode;
}

const STORIES = [
  ...['gain', 'gain', 'gain', 'gain'],
  ...['small', 'worse', 'degenerate', 'invalid', 'nothing'],
  ...Object.keys(ENDINGS),
  ...Object.keys(TRAINERS),
];

const KILLS: Disturbance[] = [
  'kill -9 before an answer',
  'kill -9 in mid-stream',
  'kill -9 while training',
  'kill -9 while judging',
];
/** Disturbances whose effect shows in a later turn, so that each needs one. */
const CHANGES: Disturbance[] = ['TASK.md edited', 'hint', 'hint', 'pause and resume'];
/** Disturbances after which a request has failed and is repeated. */
const LOST: Disturbance[] = [
  ...(['rate limit (429)', "a proxy's page (403)", 'server error (500)'] as const),
  ...(['cut before the first event', 'cut in thinking', 'cut in text', 'cut in a call'] as const),
  ...(['cut in a search', 'cut after a search', 'cut before its last event'] as const),
  ...(['line lost before an answer', 'pings alone, then the line is lost'] as const),
  ...(['SSE error in mid-stream', 'SSE error before a word'] as const),
  ...(['silence before the first event', 'silence in mid-stream', 'malformed tool input'] as const),
];

/**
 * A cut call stays reserved at the most that it may have cost, web searches included: the limit leaves room
 * for it.
 */
const LIMIT_USD = 100;
const SMALL_LIMIT_USD = 1;

/**
 * A night from its seed: every story once, in random order, and over them every detour, disturbance and
 * overload. The expected results are computed here from the rules of the task, not by the supervisor's code.
 */
export function planNight(seed: number): LoopPlan[] {
  const random = randomFrom(seed);
  const tell = narrator(random);
  // The loop is asked to stop in the last sprint, which gets no detour and no disturbance but an overload.
  const stories = [...shuffled(STORIES, random), 'gain'];
  const calm = indices(stories.slice(0, -1), (story) => !(story in ENDINGS));
  const detours = dealt(Object.keys(DETOURS), shuffled(calm, random));
  const kills = dealt(KILLS, shuffled(indices(stories.slice(0, -1), isGain), random));
  // A sprint that is cut off is not continued once TASK.md has changed: no sprint has both a kill and that
  // change.
  const killed = new Set(
    [...kills, ...detours.filter(([, name]) => name.startsWith('kill'))].map(([at]) => at),
  );
  const changed = shuffled(calm, random).sort((a, b) => Number(killed.has(a)) - Number(killed.has(b)));
  const disturbances = [...dealt(CHANGES, changed), ...dealt(LOST, shuffled(calm, random)), ...kills];
  const night = stories.map((story, index) =>
    tell(story, true, [valuesAt(detours, index), valuesAt(disturbances, index)]),
  );
  return [
    {
      ...{ name: 'night', limitUsd: LIMIT_USD, stops: true, code: 'stop' },
      sprints: night,
    },
    {
      ...{ name: 'bad key', limitUsd: LIMIT_USD, stops: false, code: 'credentials' },
      sprints: [tell('bad key', true)],
    },
    {
      ...{ name: 'small money', limitUsd: SMALL_LIMIT_USD, stops: false, code: 'money' },
      sprints: [tell('gain', false), tell('talk', false)],
    },
  ];
}

/** Makes the sprints in the order of the night: the outcome of one depends on those before it. */
function narrator(random: () => number) {
  let best: number | null = null;
  let index = 0;
  return (
    story: string,
    web: boolean,
    [detours, disturbances]: [string[], Disturbance[]] = [[], []],
  ): SprintPlan => {
    const f1 = numberFor(story, best, index);
    const plan = sprint({
      story,
      index,
      f1,
      web,
      detours,
      slow: disturbances.includes('kill -9 while training'),
    });
    disturb(plan, disturbances, random);
    plan.outcomes = outcomesOf(story, best);
    if (plan.outcomes[0] === 'new-best') best = f1;
    // New rules hold from the next sprint on, and begin a new leaderboard.
    if (disturbances.includes('TASK.md edited')) best = null;
    if (plan.forced || story === 'nothing') plan.f1 = null;
    index++;
    return plan;
  };
}

function outcomesOf(story: string, best: number | null): Outcome[] {
  if (story in FORCED) return FORCED[story].outcomes;
  if (story === 'nothing') return ['no-gain'];
  if (story === 'invalid') return ['invalid'];
  if (best === null) return ['new-best'];
  if (story === 'small' || story === 'worse') return ['no-gain'];
  return [story === 'degenerate' ? 'degenerate' : 'new-best'];
}

/**
 * An F1 that no other sprint has, on the side of the best and its noise of 0.01 that the story needs. Its
 * last two digits are the index of the sprint.
 */
function numberFor(story: string, best: number | null, index: number): number {
  const change = { small: 0.005, worse: -0.1, degenerate: 0.05 }[story] ?? 0.02;
  const thousandths = Math.floor(Math.round((best ?? 0.3) * 1e5) / 100) + Math.round(change * 1000);
  return Number((thousandths / 1000 + index / 1e5).toFixed(5));
}

/** Gives each disturbance a request of its own, and adds an overload at a random one. */
function disturb(plan: SprintPlan, disturbances: readonly Disturbance[], random: () => number): void {
  const { steps, disturbed } = plan;
  const free = (from: number, to: number) => {
    const taken = new Set(disturbed.map(({ at }) => at));
    const places = Array.from({ length: to - from }, (_, i) => from + i).filter((at) => !taken.has(at));
    return places[Math.floor(random() * places.length)] ?? from;
  };
  for (const what of disturbances)
    disturbed.push({ at: free(...rangeOf(what, steps.length)), what, times: 1 });
  const times = random() < 0.15 ? 2 : 1;
  disturbed.unshift({ at: free(0, steps.length), what: 'overload (529)', times });
}

/**
 * The first step that a disturbance may hit, and the step before which it must come. A kill comes after
 * start_sprint: before it there is nothing to continue.
 */
function rangeOf(what: Disturbance, steps: number): [number, number] {
  if (what === 'kill -9 while judging') return [steps - 1, steps];
  if (what === 'kill -9 while training') return [steps - 2, steps - 1];
  // A turn must be left in which a hint can be seen.
  if (what.startsWith('kill') || CHANGES.includes(what)) return [2, steps - 2];
  return [0, steps];
}

/** Assigns things to places in order, from the first place again after the last. */
const dealt = <T>(things: readonly T[], places: readonly number[]): [number, T][] =>
  things.map((thing, i) => [places[i % places.length], thing]);
const valuesAt = <T>(pairs: readonly [number, T][], place: number): T[] =>
  pairs.flatMap(([at, value]) => (at === place ? [value] : []));

const isGain = (story: string) => story === 'gain';
const indices = (stories: readonly string[], fits: (story: string) => boolean) =>
  stories.flatMap((story, index) => (fits(story) ? [index] : []));
