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
    words: difference < -noise ? `${from}: worse` : `${from}: within the noise of ${show(noise)}`,
  };
}
