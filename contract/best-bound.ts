/** What the loop tells a judge: from which value of the metric on the verdict may become the best. */
const VARIABLE = 'LOOP_BEST_BOUND';

/** @param bound unset: any value may; infinite in the direction of the goal: none. */
export const boundVariable = (bound: number | undefined): Record<string, string> =>
  bound === undefined ? {} : { [VARIABLE]: String(bound) };

/** Whether a verdict with this value may become the best, as far as the judge was told. */
export function mayBeBest(
  value: number | undefined,
  goal: 'max' | 'min',
  env: NodeJS.ProcessEnv = process.env,
): boolean {
  const told = env[VARIABLE];
  if (told === undefined || told === '' || value === undefined) return true;
  const below = goal === 'max' ? value < Number(told) : value > Number(told);
  return !below;
}
