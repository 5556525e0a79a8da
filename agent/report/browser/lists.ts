import { runTable, sprintTable } from '../notebook/cells.ts';
import { counted, shownRows, type View } from '../notebook/list.ts';
import type { Board, NotebookIndex, Row } from '../notebook/model.ts';
import { detailHtml } from './detail.ts';
import { openSprint } from './open.ts';

/** Rows that are drawn at once; of a longer list the rest is drawn when it is asked for. */
const MOST_ROWS = 250;

/** Draws the list of each leaderboard as it was asked for, and says how many rows there are. */
export function drawLists(index: NotebookIndex, view: View): void {
  let [shown, all] = [0, 0];
  for (const place of document.querySelectorAll<HTMLElement>('.listing')) {
    const board = index.boards.find(({ id }) => id === place.dataset.board);
    if (!board) continue;
    const { html, rows, of } = listOf(index, board, view);
    shown += rows;
    all += of;
    keepingFocus(place, () => {
      place.innerHTML = html;
    });
  }
  const place = document.getElementById('counted');
  if (place) place.textContent = counted(shown, all, view.rows);
  if (view.rows === 'sprints') for (const id of view.open) void drawDetails(id);
}

function listOf(index: NotebookIndex, board: Board, view: View): { html: string; rows: number; of: number } {
  const most = view.all ? Number.POSITIVE_INFINITY : MOST_ROWS;
  const [all, rows, html] =
    view.rows === 'runs'
      ? drawn(index.runs, board, view, (some) => runTable(board, some.slice(0, most), view))
      : drawn(index.sprints, board, view, (some) => sprintTable(board, some.slice(0, most), view));
  const rest =
    rows > most ? `<p><button type="button" data-act="all">Show all ${rows} ${view.rows}</button></p>` : '';
  return { html: html + rest, rows, of: all };
}

function drawn<T extends Row>(
  rows: readonly T[],
  board: Board,
  view: View,
  table: (some: readonly T[]) => string,
): [all: number, shown: number, html: string] {
  const shown = shownRows(rows, board, view);
  return [rows.filter((row) => row.board === board.id).length, shown.length, table(shown)];
}

/** Opens the details of a sprint below its row, where it is shown. */
async function drawDetails(id: string): Promise<void> {
  const row = document.querySelector(`tr[data-row="${CSS.escape(id)}"]`);
  const detail = await openSprint(id);
  // The list may have been drawn again meanwhile.
  if (!row?.isConnected || !detail || row.nextElementSibling?.classList.contains('details')) return;
  const cells = row.children.length;
  row.insertAdjacentHTML(
    'afterend',
    `<tr class="details"><td colspan="${cells}">${detailHtml(detail)}</td></tr>`,
  );
}

/** Somebody who works by keyboard stays on the button that was pressed, though it is drawn again. */
function keepingFocus(place: HTMLElement, draw: () => void): void {
  const active = document.activeElement;
  const scroll = place.firstElementChild?.scrollLeft ?? 0;
  const mark = active instanceof HTMLElement && place.contains(active) ? { ...active.dataset } : null;
  draw();
  if (place.firstElementChild) place.firstElementChild.scrollLeft = scroll;
  if (!mark) return;
  const same = [...place.querySelectorAll<HTMLElement>('[data-act]')].find((each) =>
    Object.entries(mark).every(([key, value]) => each.dataset[key] === value),
  );
  same?.focus();
}
