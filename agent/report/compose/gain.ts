import { violation } from '#contract/condition';
import type { Sprint } from '#contract/sprint';
import { number, signed } from '../document/names.ts';
import { type Context, guardsIn } from './context.ts';

/** What decides between candidate and best in one number: the metric, or one in which a gain has to show. */
export interface Gain {
  name: string;
  value: number;
  before: number;
  /** In the direction of the goal: of the first seed, or the mean of two where it was repeated. */
  gain: number;
  noise: number;
}

/** The gains of the verdict over the best before, that of the metric first; none without both. */
export function gainsOf({ sprint, task }: Context): Gain[] {
  const { metric, goal, verdict, bestBefore, noise, repeat } = sprint;
  return [metric, ...task.contract.gains].flatMap((name): Gain[] => {
    const [value, before] = [verdict?.metrics[name], bestBefore?.metrics[name]];
    if (value === undefined || before === undefined) return [];
    const again = repeat && (repeat.verdict.metrics[name] ?? 0) - (repeat.best.verdict.metrics[name] ?? 0);
    const difference = again === undefined ? value - before : (value - before + again) / 2;
    const gain = goal === 'max' ? difference : -difference;
    return [{ name, value, before, gain, noise: repeat ? noise / Math.SQRT2 : noise }];
  });
}

/**
 * Compares a verified value of the metric with the best before and with the noise that a gain has to exceed:
 * "+0.041 to the best before, noise 0.017". Where it was repeated on a second seed, with the mean of both.
 */
export function againstBest({ metric, bestBefore, noise, repeat }: Sprint, value: number): string {
  const best = bestBefore?.metrics[metric];
  if (best === undefined) return 'the first of this leaderboard';
  const change = signed(value - best);
  const once = `${change === 'unchanged' ? 'the same as' : `${change} to`} the best before, noise ${number(noise)}`;
  if (!repeat) return once;
  const again =
    (repeat.verdict.metrics[metric] ?? Number.NaN) - (repeat.best.verdict.metrics[metric] ?? Number.NaN);
  const gain = (value - best + again) / 2;
  return `${once}; near it, so with seed ${repeat.seed} too: ${signed(gain)} in the mean, noise ${number(noise / Math.SQRT2)}`;
}

/** A number of the bests before this sprint, the present one last. */
function bestsBefore({ sprint, history }: Context, name: string): number[] {
  const earlier = history.filter((s) => s.number < sprint.number && s.outcome === 'new-best');
  const last = sprint.bestBefore?.metrics[name];
  return [...earlier.flatMap((s) => s.verdict?.metrics[name] ?? []), ...(last === undefined ? [] : [last])];
}

/** The guards that the verdict does not meet, with what was found and asked. */
export function failedGuards(context: Context): { name: string; why: string }[] {
  const { verdict } = context.sprint;
  if (!verdict) return [];
  return Object.entries(guardsIn(context)).flatMap(([name, guard]) => {
    const why = violation(guard, verdict.metrics[name], bestsBefore(context, name));
    return why === null ? [] : [{ name, why }];
  });
}

/** The constraints of the profile that the candidate breaks. */
export function brokenConstraints({ sprint, profile }: Context): { name: string; why: string }[] {
  const { verdict } = sprint;
  if (!verdict || !profile) return [];
  return Object.entries(profile.constraints).flatMap(([name, condition]) => {
    const why = violation(condition, verdict.observed[name] ?? verdict.declared[name], []);
    return why === null ? [] : [{ name, why }];
  });
}

/** A condition as people write it: "≥ best − 0.01". */
export const guardWords = (guard: string) =>
  guard.replaceAll('>=', '≥ ').replaceAll('<=', '≤ ').replaceAll('==', '= ').replaceAll('-', ' − ');
