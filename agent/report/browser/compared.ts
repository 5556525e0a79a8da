import type { SprintRun } from '#contract/sprint';
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
