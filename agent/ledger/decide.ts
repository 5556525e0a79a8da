import { violation } from '#contract/condition';
import type { MeasuredProfile } from '#contract/noise';
import { guardsOf, type Task } from '#contract/task';
import type { Outcome, Verdict } from '#contract/verdict';
import { show } from '../common/words.ts';
import { type WorldWords, worldWords } from '../common/worlds.ts';
import { isDeclared, NOT_OBSERVED } from './declared.ts';

export interface Decision {
  outcome: Outcome;
  /** One line for ledger, report and commit. */
  reason: string;
}

/**
 * The input of a decision: the contract's metric, gains and guards, the profile's constraints, noise and
 * ceiling, and the bests of the leaderboard.
 */
export interface Rules {
  metric: string;
  goal: 'max' | 'min';
  /** Numbers in which a gain of the metric has to show as well. */
  gains: readonly string[];
  guards: Record<string, string>;
  tooGood: Record<string, string>;
  constraints: Record<string, string>;
  /** The noise of a full run: candidate and best are compared by their verdicts on one. */
  noise: number;
  /** The gain that counts; unset: one beyond the noise. Below 0 where it is confirmed afterwards. */
  counts?: number;
  /** A value of the metric that no honest run has passed; null: none is stated. */
  ceiling: number | null;
  /** The verdicts of all bests so far, the present one last. */
  bests: readonly Verdict[];
}

/** With what secret worlds are called in a reason; unset: secret worlds. */
export type NamedRules = Rules & { worlds?: WorldWords };

/** `verdict`: of the candidate; by the kind of its world, reasons speak of secret worlds. */
export function rulesOf(
  task: Task,
  profile: MeasuredProfile,
  bests: readonly Verdict[],
  verdict: Pick<Verdict, 'world'> | null = null,
): NamedRules {
  const { metric, goal, gains, tooGood } = task.contract;
  const { constraints, noise, ceiling } = profile;
  return {
    ...{ metric, goal, gains, tooGood, constraints, bests, worlds: worldWords(verdict) },
    guards: guardsOf(task, profile),
    noise: noise.full,
    ceiling: ceiling && !ceiling.passed ? ceiling.value : null,
  };
}

/**
 * Decides the outcome of a sprint from its candidate's verdict: `invalid` where a constraint of the profile
 * is broken, `no-gain` within the noise of the best, `degenerate` where it gains but a guard fails, `held`
 * where the gain is too good to be true, else `new-best`. The first valid run that passes the guards becomes
 * the best.
 */
export function decide(verdict: Verdict, rules: Rules): Decision {
  const { metric } = rules;
  const value = verdict.metrics[metric];
  if (value === undefined || Number.isNaN(value)) {
    return { outcome: 'invalid', reason: `the verdict has no value for ${metric}` };
  }
  const broken = brokenConstraints(verdict, rules);
  if (broken) return { outcome: 'invalid', reason: `constraint not met: ${broken}` };

  const { gained, words } = gain(verdict, rules);
  if (!gained) return { outcome: 'no-gain', reason: words };
  const failed = failedGuards(verdict, rules);
  if (failed) return { outcome: 'degenerate', reason: `${words}, but a guard fails: ${failed}` };
  const doubt = tooGood(verdict, rules);
  return doubt
    ? {
        outcome: 'held',
        reason: `${words}, but too good to be true: ${doubt}; held until it is confirmed on a world that the researcher cannot know`,
      }
    : { outcome: 'new-best', reason: words };
}

/** The constraints that a verdict breaks, in words; empty where it breaks none. */
export const brokenConstraints = (verdict: Seen, { constraints, bests }: Rules): string =>
  problems(
    constraints,
    (field) => seen(verdict, field),
    (field) => bests.flatMap((best) => seen(best, field) ?? []),
    (field) => (isDeclared(verdict, field) ? ` (${NOT_OBSERVED})` : ''),
  );

const failedGuards = (verdict: Verdict, { guards, bests }: Rules): string =>
  problems(
    guards,
    (field) => verdict.metrics[field],
    (field) => bests.flatMap((best) => best.metrics[field] ?? []),
  );

/** Why a verdict is not believed before it is confirmed; empty where it is. */
function tooGood(verdict: Verdict, { metric, goal, noise, ceiling, ...rules }: Rules): string {
  if (verdict.kind === 'confirmed') return '';
  const met = Object.entries(rules.tooGood).flatMap(([field, condition]) => {
    const value = verdict.metrics[field];
    if (value === undefined || violation(condition, value, []) !== null) return [];
    return [`${field} ${show(value)} (${condition})`];
  });
  const value = verdict.metrics[metric];
  const beyond = ceiling === null || value === undefined ? 0 : (value - ceiling) * (goal === 'max' ? 1 : -1);
  const edge = goal === 'max' ? 'above the ceiling' : 'below the floor';
  if (beyond > noise) met.push(`${metric} ${show(value)} is ${edge} of ${ceiling} by more than the noise`);
  return met.join('; ');
}

type Seen = Pick<Verdict, 'observed' | 'declared'>;

/** The value that the supervisor observed, else the one that the trainer declared. */
const seen = (verdict: Seen, field: string): number | undefined =>
  verdict.observed[field] ?? verdict.declared[field];

/**
 * Whether a valid verdict is within one noise of the gain that counts, on either side: another seed could
 * well decide otherwise.
 */
export function isNear(verdict: Verdict, rules: Rules): boolean {
  const { noise } = rules;
  // Nothing else may stand in its way.
  if (brokenConstraints(verdict, rules) || failedGuards(verdict, rules)) return false;
  const gains = gainsOf(verdict, rules).map(({ gain }) => gain);
  return gains.length > 0 && noise > 0 && Math.abs(Math.min(...gains) - noise) <= noise;
}

/**
 * The value of the metric from which on a verdict may become the best, a second seed included; undefined
 * where any may. A judge may leave out of the others what only a best needs.
 */
export function bestBound({ metric, goal, counts = 0, bests }: Rules): number | undefined {
  const incumbent = bests.at(-1)?.metrics[metric];
  if (incumbent === undefined) return undefined;
  // The gain is a difference, and rounded once more.
  const least = Math.min(0, counts) - 1e-9;
  return goal === 'max' ? incumbent + least : incumbent - least;
}

/** The bound that no verdict reaches: for runs that cannot become the best. */
export const noBest = (goal: Rules['goal']): number =>
  goal === 'max' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;

/** A verdict and its best, on one seed. */
export interface Pair {
  verdict: Verdict;
  best: Verdict;
}

/**
 * Decides by the means of two seeds, whose noise is smaller. Both verdicts of the candidate have to meet the
 * constraints.
 */
export function decideByMean(first: Pair, second: Pair, rules: Rules): Decision {
  const earlier = rules.bests.slice(0, -1);
  const alone = decide(second.verdict, { ...rules, bests: [...earlier, second.best] });
  if (alone.outcome === 'invalid') return alone;
  const noise = rules.noise / Math.SQRT2;
  return decide(meanOf(first.verdict, second.verdict), {
    ...rules,
    noise,
    bests: [...earlier, meanOf(first.best, second.best)],
  });
}

/** The first verdict with the means of the numbers that both have. */
function meanOf(a: Verdict, b: Verdict): Verdict {
  const metrics = Object.entries(a.metrics).flatMap(([name, value]) => {
    const other = b.metrics[name];
    return other === undefined ? [] : [[name, (value + other) / 2] as const];
  });
  return { ...a, metrics: Object.fromEntries(metrics) };
}

/** The gain in one number of a verdict over the best. */
interface Gain {
  field: string;
  value: number;
  incumbent: number;
  gain: number;
}

/**
 * The gains of a verdict over the best in the direction of the goal: that of the metric first, then those of
 * the numbers in which it has to show as well. None without a best, and none of a number that the best of an
 * earlier version lacks.
 */
function gainsOf(verdict: Verdict, { metric, goal, gains, bests }: Rules): Gain[] {
  const best = bests.at(-1);
  return [metric, ...gains].flatMap((field) => {
    const incumbent = best?.metrics[field];
    if (incumbent === undefined) return [];
    const value = verdict.metrics[field] ?? Number.NaN;
    return [{ field, value, incumbent, gain: goal === 'max' ? value - incumbent : incumbent - value }];
  });
}

function problems(
  conditions: Record<string, string>,
  value: (field: string) => number | undefined,
  bests: (field: string) => readonly number[],
  mark: (field: string) => string = () => '',
): string {
  return Object.entries(conditions)
    .map(([field, condition]) => [field, violation(condition, value(field), bests(field))] as const)
    .flatMap(([field, why]) => (why === null ? [] : [`${field}${mark(field)}: ${why}`]))
    .join('; ');
}

function gain(verdict: Verdict, rules: Rules): { gained: boolean; words: string } {
  const { metric, noise, counts = noise } = rules;
  const [first, ...others] = gainsOf(verdict, rules);
  if (!first)
    return { gained: true, words: `${metric} ${show(verdict.metrics[metric])}, the first verified result` };
  const words = gainWords(first, noise);
  if (!(first.gain > counts)) return { gained: false, words };
  const missing = others.filter((each) => !(each.gain > counts)).map((each) => gainWords(each, noise));
  return missing.length === 0
    ? { gained: true, words }
    : { gained: false, words: `${words}, which has to show in other numbers too: ${missing.join('; ')}` };
}

function gainWords({ field, value, incumbent, gain }: Gain, noise: number): string {
  const from = `${field} ${show(value)} against the best's ${show(incumbent)}`;
  if (Number.isNaN(gain)) return `the verdict has no value for ${field}`;
  if (gain > noise) return `${from}: a gain of ${show(gain)}`;
  return gain < -noise ? `${from}: worse` : `${from}: within the noise of ${Number(noise.toPrecision(2))}`;
}
