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
