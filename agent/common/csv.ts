/** A value of a table for programs. */
export type Cell = string | number | boolean | null | undefined;

/**
 * Rows of cells as CSV (RFC 4180, with plain line ends). A text that a spreadsheet would take for a formula
 * gets an apostrophe in front: names and reasons come from others.
 */
export const csv = (rows: readonly (readonly Cell[])[]): string =>
  rows.map((row) => `${row.map(field).join(',')}\n`).join('');

function field(value: Cell): string {
  const text = typeof value === 'string' ? value.replace(/^(?=[=+\-@\t])/, "'") : String(value ?? '');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
