import { violation } from '#contract/condition';
import type { Profile, TaskContract } from '#contract/task';
import type { Outcome, Verdict } from '#contract/verdict';

export interface Decision {
  outcome: Outcome;
  /** One line for ledger, report and commit. */
  reason: string;
}

/** The fields of the contract that decide, and the present best of the same leaderboard. */
export interface Rules {
  contract: Pick<TaskContract, 'metric' | 'goal' | 'guards'>;
  profile: Pick<Profile, 'constraints' | 'noise'>;
  best: Verdict | undefined;
}

/**
 * What a candidate's verdict makes of its sprint: `invalid` where a constraint of the profile is broken, `no-gain` within the noise
 * of the best, `degenerate` where it gains but a guard fails, else `new-best`. The first valid run that passes the guards is a best.
 */
export function decide(verdict: Verdict, { contract, profile, best }: Rules): Decision {
  const value = verdict.metrics[contract.metric];
  if (value === undefined || Number.isNaN(value)) {
    return { outcome: 'invalid', reason: `the verdict has no value for ${contract.metric}` };
  }
  const broken = problems(
    profile.constraints,
    (field) => seen(verdict, field),
    (field) => best && seen(best, field),
  );
  if (broken) return { outcome: 'invalid', reason: `constraint not met: ${broken}` };

  const { gained, words } = gain(value, best?.metrics[contract.metric], contract, profile.noise);
  if (!gained) return { outcome: 'no-gain', reason: words };
  const failed = problems(
    contract.guards,
    (field) => verdict.metrics[field],
    (field) => best?.metrics[field],
  );
  return failed
    ? { outcome: 'degenerate', reason: `${words}, but a guard fails: ${failed}` }
    : { outcome: 'new-best', reason: words };
}

/** Observed by the supervisor's side where it can be, else declared by the trainer. */
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

function gain(
  value: number,
  best: number | undefined,
  { metric, goal }: Rules['contract'],
  noise: number,
): { gained: boolean; words: string } {
  if (best === undefined)
    return { gained: true, words: `${metric} ${show(value)}, the first verified result` };
  const difference = goal === 'max' ? value - best : best - value;
  const from = `${metric} ${show(value)} against the best's ${show(best)}`;
  if (difference > noise) return { gained: true, words: `${from}: a gain of ${show(difference)}` };
  return {
    gained: false,
    words: difference < -noise ? `${from}: worse` : `${from}: within the noise of ${show(noise)}`,
  };
}

const show = (value: number) => String(Number(value.toPrecision(4)));
