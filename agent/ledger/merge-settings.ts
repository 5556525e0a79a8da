import type { RunSpec } from '#contract/run';

/** What is set by name beside the code of a run. */
export type Named = Pick<RunSpec, 'experiment' | 'settings'>;

/**
 * Merges the experiments and settings of two runs that began with the same one: what one of them changed
 * counts, and where both did they have to agree. Returns the names of what they disagree in otherwise.
 */
export function mergeSettings(base: Named, ours: Named, theirs: Named): Named | { conflicts: string[] } {
  const conflicts: string[] = [];
  const merged = <T>(name: string, [from, a, b]: readonly [T, T, T]): T => {
    if (a !== b && a !== from && b !== from) conflicts.push(name);
    return a === from ? b : a;
  };
  const experiment = merged('experiment', [base.experiment, ours.experiment, theirs.experiment]);
  const keys = new Set([base, ours, theirs].flatMap(({ settings }) => Object.keys(settings)));
  const settings = [...keys].sort().flatMap((key) => {
    const value = merged(key, [base.settings[key], ours.settings[key], theirs.settings[key]]);
    return value === undefined ? [] : [[key, value] as const];
  });
  return conflicts.length > 0 ? { conflicts } : { experiment, settings: Object.fromEntries(settings) };
}
