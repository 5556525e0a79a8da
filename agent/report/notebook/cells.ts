import { escaped } from '../document/escaped.ts';
import { clip, dateTime, duration, money, numberFormat, samples, signed } from '../document/names.ts';
import { runOf, type View } from './list.ts';
import type { Board, Row, RunRow, SprintRow } from './model.ts';
import { GAIN } from './model.ts';

interface Cell<T> {
  key: string;
  label: string;
  right: boolean;
  /** HTML. */
  show: (row: T) => string;
}

const badge = ({ v, tone }: Row['badge']) => `<span class="badge ${tone}">${escaped(v)}</span>`;
const day = (iso: string) => escaped(dateTime(iso).slice(0, 16));

/** The numbers of a leaderboard, a column each, with one number of digits in a column. */
function numberCells<T extends Row>(board: Board, rows: readonly T[]): Cell<T>[] {
  return board.columns.map(({ key, label }) => {
    const format = numberFormat(
      key,
      rows.map(({ values }) => values[key]),
    );
    return {
      key,
      label,
      right: true,
      show: ({ values, best }) => {
        const value = values[key];
        if (key === GAIN) return value === undefined ? '–' : signed(value);
        const shown = format(value);
        return best && key === board.metric ? `<strong>${shown}</strong>` : shown;
      },
    };
  });
}

const BEST = '<span class="badge good star">best</span> ';

function sprintCells(board: Board, rows: readonly SprintRow[], view: View | null): Cell<SprintRow>[] {
  return [
    { key: 'number', label: '#', right: true, show: (row) => String(row.number) },
    { key: 'title', label: 'Sprint', right: false, show: (row) => sprintTitle(row, view) },
    { key: 'outcome', label: 'Outcome', right: false, show: (row) => badge(row.badge) },
    ...numberCells(board, rows),
    { key: 'runs', label: 'Runs', right: true, show: (row) => String(row.runs) },
    { key: 'seconds', label: 'Training', right: true, show: (row) => duration(row.seconds ?? 0) },
    { key: 'usd', label: 'Cost', right: true, show: (row) => money(row.usd) },
    { key: 'at', label: 'Date, UTC', right: false, show: (row) => day(row.at) },
    {
      key: '',
      label: 'Files',
      right: false,
      show: ({ links }) =>
        links
          .slice(0, 3)
          .map(({ label, href }) => `<a href="${escaped(href)}">${escaped(label)}</a>`)
          .join(' '),
    },
  ];
}

function sprintTitle({ id, title, best, links, number, remarks }: SprintRow, view: View | null): string {
  const name = escaped(clip(title, 120));
  const [first] = links;
  const linked = first ? `<a href="${escaped(first.href)}">${name}</a>` : name;
  const more = view
    ? ` <button type="button" class="more" data-act="open" data-sprint="${escaped(id)}" aria-expanded="${view.open.includes(id)}" aria-label="Details of sprint ${number}">details</button>`
    : '';
  const notes = remarks.map((remark) => `<br><small>${escaped(remark)}</small>`);
  return `${best ? BEST : ''}${linked}${more}${notes.join('')}`;
}

function runCells(board: Board, rows: readonly RunRow[]): Cell<RunRow>[] {
  const state = ({ status, from }: RunRow) =>
    status !== 'finished' ? status : from === 'verdict' ? 'verified' : from ? 'measured' : 'not judged';
  return [
    { key: 'number', label: '#', right: true, show: (row) => String(row.number) },
    {
      key: 'title',
      label: 'Run',
      right: false,
      show: (row) => `${row.best ? BEST : ''}<span title="${escaped(row.id)}">${escaped(row.title)}</span>`,
    },
    { key: 'outcome', label: 'State', right: false, show: (row) => escaped(state(row)) },
    ...numberCells(board, rows),
    { key: 'seed', label: 'Seed', right: true, show: (row) => String(row.seed) },
    { key: 'samples', label: 'Samples', right: true, show: (row) => samples(row.samples) },
    {
      key: 'seconds',
      label: 'Took',
      right: true,
      show: (row) => (row.seconds === null ? '–' : duration(row.seconds)),
    },
    { key: 'at', label: 'Date, UTC', right: false, show: (row) => day(row.at) },
  ];
}

/** The keys and headings by which a list can be sorted. */
export const sortsOf = (board: Board, rows: View['rows']): { key: string; label: string }[] =>
  (rows === 'runs' ? runCells(board, []) : sprintCells(board, [], null))
    .filter(({ key }) => key !== '')
    .map(({ key, label }) => ({ key, label }));

/**
 * The list of a leaderboard. `view` is null in a page whose script has not run: then nothing can be sorted,
 * ticked or opened.
 */
export function sprintTable(board: Board, rows: readonly SprintRow[], view: View | null): string {
  return table(board, rows, sprintCells(board, rows, view), view);
}

export function runTable(board: Board, rows: readonly RunRow[], view: View): string {
  return table(board, rows, runCells(board, rows), view);
}

function table<T extends Row>(
  board: Board,
  rows: readonly T[],
  cells: readonly Cell<T>[],
  view: View | null,
): string {
  const kind = view?.rows ?? 'sprints';
  const tick = view ? '<th scope="col"><span class="hidden">Compare</span></th>' : '';
  const head = cells.map((cell) => heading(cell, view)).join('');
  const body = rows.map((row) => {
    const all = cells.map(
      (cell) =>
        `<td${cell.right ? ' class="right"' : ''} data-key="${escaped(cell.key)}" data-label="${escaped(cell.label)}">${cell.show(row)}</td>`,
    );
    return `<tr${row.best ? ' class="best"' : ''} data-row="${escaped(row.id)}">${view ? tickCell(row, view) : ''}${all.join('')}</tr>`;
  });
  const caption = `<caption class="hidden">The ${kind} of the leaderboard ${escaped(board.id)}</caption>`;
  return `<div class="scroll list" tabindex="0" role="region" aria-label="${kind} of ${escaped(board.id)}"><table>${caption}<thead><tr>${tick}${head}</tr></thead><tbody>${body.join('')}</tbody></table></div>`;
}

function heading(
  { key, label, right }: Pick<Cell<never>, 'key' | 'label' | 'right'>,
  view: View | null,
): string {
  const side = right ? ' class="right"' : '';
  if (!view || key === '') return `<th scope="col"${side}>${escaped(label)}</th>`;
  const sorted = view.sort === key;
  const way = sorted ? ` aria-sort="${view.down ? 'descending' : 'ascending'}"` : '';
  const sign = sorted ? `<span aria-hidden="true">${view.down ? '\u00a0↓' : '\u00a0↑'}</span>` : '';
  return `<th scope="col"${side}${way}><button type="button" data-act="sort" data-key="${escaped(key)}">${escaped(label)}${sign}</button></th>`;
}

function tickCell(row: Row, { ticked }: View): string {
  const run = runOf(row);
  if (run === null) return '<td class="tick"></td>';
  const on = ticked.includes(run) ? ' checked' : '';
  const what = 'candidate' in row ? `sprint ${row.number}: ` : '';
  return `<td class="tick"><input type="checkbox" data-act="tick" data-run="${escaped(run)}" aria-label="Compare ${what}${escaped(row.title)}"${on}></td>`;
}
