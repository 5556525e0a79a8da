import type { Token, Tokens } from 'marked';
import type { Align, Block, Inline } from '../document/tree.ts';
import { limits } from './guards.ts';
import { takeCut } from './shorten.ts';

/** A table of Markdown, with the number of rows and columns that are left out. */
export function tableOf(token: Tokens.Table, read: (tokens: readonly Token[]) => Inline[]): Block {
  const columns = Math.min(limits.columns, token.header.length);
  const cell = (from: Tokens.TableCell | undefined) => (from ? read(from.tokens) : []);
  const { cut } = takeCut(token.rows.at(-1)?.[0]?.text ?? '');
  const rows = token.rows.slice(0, limits.rows);
  const more = token.rows.length - rows.length + (cut > 0 ? cut - 1 : 0);
  const notes = [
    more > 0 ? `${more.toLocaleString('en-US')} more rows` : '',
    token.header.length > columns ? `${token.header.length - columns} more columns` : '',
  ].filter(Boolean);
  return {
    t: 'table',
    head: token.header.slice(0, columns).map(cell),
    align: token.align.slice(0, columns).map((align): Align => align ?? 'left'),
    rows: rows.map((row) => ({
      cells: Array.from({ length: columns }, (_, i) => cell(row[i])),
      tone: 'plain',
    })),
    caption: null,
    omitted: notes.length > 0 ? `${notes.join(' and ')} left out.` : null,
  };
}
