import type { KnownRun } from './rows.ts';

/** A summary of several runs that names them by their ids. */
export interface Summary {
  name: string;
  runs: readonly string[];
}

/**
 * What refers to each of these runs, in words: the sprint that it belongs to, summaries that list it, and
 * runs that began with its weights and are not removed themselves. A run that nothing refers to has no entry.
 */
export function referencesTo(
  asked: readonly KnownRun[],
  all: readonly KnownRun[],
  summaries: readonly Summary[],
): Map<string, string[]> {
  const own = ({ run, sprint }: KnownRun): string[] => [
    ...(sprint ? [`sprint ${sprint.id}`] : []),
    ...summaries.filter(({ runs }) => runs.includes(run.id)).map(({ name }) => `sweep ${name}`),
  ];
  const kept = new Set(all.map(({ run }) => run.id));
  for (const each of asked) if (own(each).length === 0) kept.delete(each.run.id);
  const starts = ({ run }: KnownRun) =>
    all.filter((other) => kept.has(other.run.id) && other.run.from === run.id);
  // A run that stays keeps the one that it began with, which keeps the one before.
  for (let more = true; more; ) {
    const needed = asked.filter((each) => !kept.has(each.run.id) && starts(each).length > 0);
    for (const { run } of needed) kept.add(run.id);
    more = needed.length > 0;
  }
  return new Map(
    asked.flatMap((each) => {
      const words = [...own(each), ...starts(each).map(({ run }) => `run ${run.id}, which began with it`)];
      return words.length > 0 ? [[each.run.id, words] as const] : [];
    }),
  );
}
