import jstat from 'jstat';
import { mean } from './ranks.ts';

/** How far one recipe is above another, in the mean over the seeds that both have. */
export interface Gain {
  value: number;
  seeds: number;
  /** Whether Student's interval of 95 % around it leaves out zero; false for one seed. */
  shown: boolean;
}

/** Runs of one recipe: the number that is compared, by seed. */
export type Values = ReadonlyMap<number, number>;

/** The gain of `of` over `over`, in pairs of runs on the same seed; null where they share no seed. */
export function gainOf(of: Values, over: Values): Gain | null {
  const pairs = [...of].flatMap(([seed, value]) => {
    const other = over.get(seed);
    return other === undefined ? [] : [value - other];
  });
  if (pairs.length === 0) return null;
  const value = mean(pairs);
  const n = pairs.length;
  if (n < 2) return { value, seeds: n, shown: false };
  const variance = pairs.reduce((sum, each) => sum + (each - value) ** 2, 0) / (n - 1);
  const half = jstat.studentt.inv(0.975, n - 1) * Math.sqrt(variance / n);
  return { value, seeds: n, shown: Math.abs(value) > half };
}
