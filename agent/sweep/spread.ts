import type { Spread } from '#contract/noise';

/**
 * The spread of one number over seeds. `values` has an entry for each seed: the recipe's number, and the
 * number of the recipe beside it on the same seed where there is one. Two seeds at least.
 */
export function spreadOf(values: readonly (readonly number[])[]): Spread {
  const own = values.map(([value = Number.NaN]) => value);
  const beside = values.flatMap(([, value]) => value ?? []);
  const paired = beside.length === values.length;
  const run = Math.sqrt(mean([own, ...(paired ? [beside] : [])].map(variance)));
  const apart = own.map((value, i) => value - (beside[i] ?? Number.NaN));
  return {
    mean: rounded(mean(own)),
    run: rounded(run),
    // Without pairs: two runs that share no seed.
    difference: rounded(paired ? Math.sqrt(variance(apart)) : Math.SQRT2 * run),
    values: values.map((of) => of.map(rounded)),
  };
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The sample variance: over n - 1. */
function variance(values: readonly number[]): number {
  const middle = mean(values);
  return values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1);
}

/** Six digits after the point: more than any number of seeds can tell. */
const rounded = (value: number) => Number(value.toFixed(6));
