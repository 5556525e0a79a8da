import { marked, type Token } from 'marked';
import { expect, it } from 'vitest';
import { composeReport } from '../compose/report.ts';
import { readSource } from '../compose/source.ts';
import { type Block, text } from '../document/tree.ts';
import { linkFiles } from '../document/walk.ts';
import { folderOf, lista, profile, sprints, task } from '../fixtures/load.ts';
import { writeMarkdown } from './markdown.ts';

const write = (blocks: Block[]) =>
  writeMarkdown({ title: '', left: '', right: '', foot: '', date: '', blocks }, '../sprints/x');

function kinds(tokens: Token[]): string[] {
  return tokens.flatMap((token) => [
    token.type,
    ...kinds(('tokens' in token && token.tokens) || []),
    ...('items' in token ? kinds(token.items as Token[]) : []),
  ]);
}

it.each([
  '# not a heading',
  '- no list',
  '1. no list',
  '<b>bold</b>',
  '*a* _b_ `c` [d](e)',
  '| a |',
  '+ x',
  '---',
])('writes %j as the words that they are', (value) => {
  const tokens = marked.lexer(write([{ t: 'para', c: [text(value)] }]));
  const found = new Set(kinds(tokens));
  for (const kind of ['heading', 'list', 'html', 'em', 'strong', 'codespan', 'link', 'hr', 'table']) {
    expect(found, kind).not.toContain(kind);
  }
});

it('leaves a number at the start of a line as it is', () => {
  expect(write([{ t: 'para', c: [text('22.97 s of training')] }])).toBe('22.97 s of training\n');
  expect(write([{ t: 'para', c: [text('1. no list')] }])).toBe('1\\. no list\n');
});

it('writes code that holds fences, and cells that hold bars', () => {
  const listing = write([
    { t: 'code', lang: 'md', lines: [[{ v: '```', k: 'plain' }], [{ v: '# x', k: 'plain' }]], omitted: 0 },
  ]);
  expect(marked.lexer(listing)[0]).toMatchObject({ type: 'code', text: '```\n# x' });
  const table = write([
    {
      t: 'table',
      head: [[text('a|b')], [text('c')]],
      align: ['left', 'right'],
      rows: [{ tone: 'plain', cells: [[{ t: 'code', v: 'x|y' }], [text('z')]] }],
      caption: null,
      omitted: null,
    },
  ]);
  expect(marked.lexer(table)[0]).toMatchObject({ type: 'table', rows: [[{ text: '`x|y`' }, { text: 'z' }]] });
});

it('names pictures and files so that they are found', () => {
  const picture = { kind: 'file' as const, name: 'a b/100%#1.png', mime: 'image/png' as const, base64: '' };
  expect(write([{ t: 'figure', picture, alt: 'A', caption: null }])).toBe(
    '![A](<../sprints/x/a%20b/100%25%231.png>)\n',
  );
  const file: Block = { t: 'para', c: [{ t: 'file', path: 'sae/a b.ts', c: [text('code')] }] };
  expect(write([file])).toBe('code\n');
  expect(write(linkFiles([file], '../..'))).toBe('[code](<../../sae/a%20b.ts>)\n');
});

it('holds the whole report, with numbers, log and diff', async () => {
  const source = readSource(folderOf(lista.id));
  const markdown = writeMarkdown(await composeReport(source, sprints, task, profile), '../sprints/x');
  for (const part of [
    '# Sprint 3: LISTA encoder',
    '| **Verified by the judge, seed 0 (decides)** | **0.872** |',
    '## The researcher’s log',
    '![Cosines of latents (rows) and features (columns)](<../sprints/x/cosines.png>)',
    '```diff',
    '- [x] golden step still agrees',
  ]) {
    expect(markdown).toContain(part);
  }
});
