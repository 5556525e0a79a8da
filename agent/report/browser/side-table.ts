import { escaped } from '../document/escaped.ts';
import { clip } from '../document/names.ts';
import type { Compared } from './compared.ts';

/** A line of a comparison: a name, and a cell of HTML for each run. */
export interface Cells {
  name: string;
  cells: readonly string[];
  /** The cells of numbers stand to the right. */
  right?: boolean;
}

/** Runs as columns, lines as rows; without a title where it stands in something that has one. */
export function sideTable(
  title: string | null,
  all: readonly Pick<Compared, 'letter' | 'row'>[],
  lines: readonly Cells[],
  more: string | null = null,
): string {
  const head = all.map(
    ({ letter, row }, at) =>
      `<th scope="col"><span class="letter s${at}">${letter}</span> <span class="quiet">${row.number}</span> ${escaped(clip(row.title, 40))}</th>`,
  );
  const extra = more === null ? '' : `<th scope="col" class="right">${escaped(more)}</th>`;
  const body = lines.map(
    ({ name, cells, right }) =>
      `<tr><th scope="row">${escaped(name)}</th>${cells.map((cell) => `<td${right ? ' class="right"' : ''}>${cell}</td>`).join('')}</tr>`,
  );
  const label = escaped(title ?? 'Settings that all share');
  return `${title === null ? '' : `<h3>${escaped(title)}</h3>`}<div class="scroll side" tabindex="0" role="region" aria-label="${label}"><table><caption class="hidden">${label}</caption><thead><tr><td></td>${head.join('')}${extra}</tr></thead><tbody>${body.join('')}</tbody></table></div>`;
}
