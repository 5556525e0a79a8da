export type Cell = string | number | undefined;

/** A table with its heading; empty without rows. Columns may be missing at the end of a row. */
export function section(
  title: string,
  head: readonly string[],
  rows: readonly (readonly Cell[])[],
  note = '',
): string {
  if (rows.length === 0) return '';
  const columns = head.slice(0, Math.max(...rows.map((row) => row.length)));
  const line = (cells: readonly Cell[]) => `| ${columns.map((_, i) => cells[i] ?? '').join(' | ')} |`;
  const table = [line(columns), line(columns.map(() => '---')), ...rows.map(line)].join('\n');
  return `## ${title}\n\n${table}${note === '' ? '' : `\n\n${note}`}`;
}

/** Three digits: the fourth differs from call to call. */
export const digits = (value: number): string =>
  Number(value.toPrecision(3)).toLocaleString('en-US', { maximumSignificantDigits: 3 });
