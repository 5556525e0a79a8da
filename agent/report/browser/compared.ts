import type { SprintRun } from '#contract/sprint';
import { flat } from '../notebook/flat.ts';
import type { Board, NotebookIndex, RunRow, SprintDetail } from '../notebook/model.ts';

/** Runs that are compared at once: more lines of a plot cannot be told apart. */
export const MOST_RUNS = 8;

/** One run of a comparison, with all that the page has of it. */
export interface Compared {
  /** What it is called in tables and plots: A, B, C. */
  letter: string;
  row: RunRow;
  run: SprintRun;
  board: Board;
  detail: SprintDetail;
}

/** The runs of these ids, in their order; ids that the page does not have are left out. */
export async function comparedOf(
  { runs, boards }: NotebookIndex,
  ids: readonly string[],
  open: (sprint: string) => Promise<SprintDetail | null>,
): Promise<Compared[]> {
  const found = ids.flatMap((id) => runs.find((row) => row.id === id) ?? []).slice(0, MOST_RUNS);
  const all = await Promise.all(found.map(async (row) => ({ row, detail: await open(row.sprint) })));
  return all
    .flatMap(({ row, detail }) => {
      const run = detail?.sprint.runs.find(({ id }) => id === row.id);
      const board = boards.find(({ id }) => id === row.board);
      return detail && run && board ? [{ row, detail, run, board }] : [];
    })
    .map((one, at) => ({ ...one, letter: String.fromCharCode(65 + at) }));
}

/**
 * What a run was made with: what its trainer states it used, and what was asked of it beyond that. Where the
 * trainer's statement is gone, the profile's settings and what was changed for this run.
 */
export function settingsOf({ run, detail }: Pick<Compared, 'run' | 'detail'>): Record<string, string> {
  const stated = detail.settings[run.id];
  const { experiment, samples, seed, from, backend } = run;
  return {
    experiment,
    samples: String(samples),
    seed: String(seed),
    ...(from !== undefined && { 'started from': from }),
    ...(backend !== null && { backend }),
    ...flat(run.profileSettings ?? {}),
    ...run.settings,
    ...stated,
  };
}

export interface SettingRow {
  key: string;
  /** By run; null where a run has no such setting. */
  values: (string | null)[];
}

/** The settings of several runs: those that differ, and those that all share. */
export function sideBySide(all: readonly Record<string, string>[]): {
  different: SettingRow[];
  same: SettingRow[];
} {
  const keys = [...new Set(all.flatMap((settings) => Object.keys(settings)))];
  const rows = keys.map((key) => ({
    key,
    values: all.map((settings) => (Object.hasOwn(settings, key) ? (settings[key] ?? null) : null)),
  }));
  const isSame = ({ values }: SettingRow) => values.every((value) => value === values[0]);
  return { different: rows.filter((row) => !isSame(row)), same: rows.filter(isSame) };
}
