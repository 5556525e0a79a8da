import { violation } from '#contract/condition';
import type { MeasuredProfile } from '#contract/noise';
import { guardsOf, type Task } from '#contract/task';
import type { Outcome, Verdict } from '#contract/verdict';
import { show } from '../common/words.ts';

export interface Decision {
  outcome: Outcome;
  /** One line for ledger, report and commit. */
  reason: string;
}

/**
 * The input of a decision: the contract's metric and guards, the profile's constraints and its noise, the
 * present best of the leaderboard.
 */
export interface Rules {
  metric: string;
  goal: 'max' | 'min';
  guards: Record<string, string>;
  constraints: Record<string, string>;
  /** The noise of a full run: candidate and best are compared by their verdicts on one. */
  noise: number;
  best: Verdict | undefined;
}

export function rulesOf(task: Task, profile: MeasuredProfile, best: Verdict | undefined): Rules {
  const { metric, goal } = task.contract;
  const { constraints, noise } = profile;
  return { metric, goal, guards: guardsOf(task, profile), constraints, noise: noise.full, best };
}

/**
 * Decides the outcome of a sprint from its candidate's verdict: `invalid` where a constraint of the profile
 * is broken, `no-gain` within the noise of the best, `degenerate` where it gains but a guard fails, else
 * `new-best`. The first valid run that passes the guards becomes the best.
 */
export function decide(verdict: Verdict, rules: Rules): Decision {
  const { metric, constraints, guards, best } = rules;
  const value = verdict.metrics[metric];
  if (value === undefined || Number.isNaN(value)) {
    return { outcome: 'invalid', reason: `the verdict has no value for ${metric}` };
  }
  const broken = problems(
    constraints,
    (field) => seen(verdict, field),
    (field) => best && seen(best, field),
  );
  if (broken) return { outcome: 'invalid', reason: `constraint not met: ${broken}` };

  const { gained, words } = gain(value, rules);
  if (!gained) return { outcome: 'no-gain', reason: words };
  const failed = problems(
    guards,
    (field) => verdict.metrics[field],
    (field) => best?.metrics[field],
  );
  return failed
    ? { outcome: 'degenerate', reason: `${words}, but a guard fails: ${failed}` }
    : { outcome: 'new-best', reason: words };
}

/** The value that the supervisor observed, else the one that the trainer declared. */
const seen = (verdict: Verdict, field: string): number | undefined =>
  verdict.observed[field] ?? verdict.declared[field];

/**
 * Whether a valid verdict is within one noise of the gain that counts, on either side: another seed could
 * well decide otherwise.
 */
export function isNear(verdict: Verdict, rules: Rules): boolean {
  const { noise } = rules;
  const gain = gainOf(verdict, rules);
  // Beyond the noise nothing may stand in its way.
  const { outcome } = decide(verdict, { ...rules, noise: Number.NEGATIVE_INFINITY });
  return outcome === 'new-best' && gain !== null && noise > 0 && Math.abs(gain - noise) <= noise;
}

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
  const alone = decide(second.verdict, { ...rules, best: second.best });
  if (alone.outcome === 'invalid') return alone;
  const noise = rules.noise / Math.SQRT2;
  return decide(meanOf(first.verdict, second.verdict), {
    ...rules,
    noise,
    best: meanOf(first.best, second.best),
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

/** The gain of a verdict over the best in the direction of the goal; null without a best. */
function gainOf(verdict: Verdict, { metric, goal, best }: Rules): number | null {
  const [value, incumbent] = [verdict.metrics[metric], best?.metrics[metric]];
  if (value === undefined || incumbent === undefined) return null;
  return goal === 'max' ? value - incumbent : incumbent - value;
}

function problems(
  conditions: Record<string, string>,
  value: (field: string) => number | undefined,
  best: (field: string) => number | undefined,
): string {
  return Object.entries(conditions)
    .map(([field, condition]) => [field, violation(condition, value(field), best(field))] as const)
    .flatMap(([field, why]) => (why === null ? [] : [`${field}: ${why}`]))
    .join('; ');
}

function gain(value: number, { metric, goal, noise, best }: Rules): { gained: boolean; words: string } {
  const incumbent = best?.metrics[metric];
  if (incumbent === undefined)
    return { gained: true, words: `${metric} ${show(value)}, the first verified result` };
  const difference = goal === 'max' ? value - incumbent : incumbent - value;
  const from = `${metric} ${show(value)} against the best's ${show(incumbent)}`;
  if (difference > noise) return { gained: true, words: `${from}: a gain of ${show(difference)}` };
  return {
    gained: false,
    words:
      difference < -noise ? `${from}: worse` : `${from}: within the noise of ${Number(noise.toPrecision(2))}`,
  };
}
