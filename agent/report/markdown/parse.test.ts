import { describe, expect, it } from 'vitest';
import { type Block, plain } from '../document/tree.ts';
import { safeHref } from './guards.ts';
import type { ImageReader } from './images.ts';
import { parseMarkdown } from './parse.ts';

const noImages: ImageReader = (href) => ({ t: 'missing', what: href, why: 'no pictures here' });
const read = (source: string) => parseMarkdown(source, noImages);
const words = (blocks: Block[]) => JSON.stringify(blocks);

describe('a researcher’s Markdown', () => {
  it('keeps what people write', async () => {
    const blocks = await read(
      '# Title\n\nSome **bold**, *soft* and `code`\nover lines.\n\n1. one\n   - [x] done\n\n> said\n\n---\n\n| a | b |\n| --- | ---: |\n| 1 | 2 |\n\n```ts\nconst x = 1;\n```',
    );
    expect(blocks.map((block) => block.t)).toEqual([
      'heading',
      'para',
      'list',
      'quote',
      'rule',
      'table',
      'code',
    ]);
    expect(plain((blocks[1] as Extract<Block, { t: 'para' }>).c)).toBe(
      'Some bold, soft and code over lines.',
    );
    const list = blocks[2] as Extract<Block, { t: 'list' }>;
    const inner = list.items[0].c[1] as Extract<Block, { t: 'list' }>;
    expect(inner.items[0].checked).toBe(true);
    expect(words(blocks)).toContain('"k":"keyword"');
  });

  it('shows a script as text, and an image as no more than an image', async () => {
    const blocks = await read('<script>alert(1)</script>\n\nword <img src=x onerror=alert(1)> word');
    expect(blocks.map((block) => block.t)).toEqual(['para', 'para', 'missing', 'para']);
    expect(words(blocks)).toContain('<script>alert(1)</script>');
    expect(words(blocks)).not.toContain('onerror');
  });

  it.each([
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    'java&#115;cript:alert(1)',
    'javascript&colon;alert(1)',
    'java\tscript:alert(1)',
    '&#x6A;avascript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'vbscript:x',
    'file:///etc/passwd',
    '//evil.example/x',
  ])('makes no link of %j', async (href) => {
    expect(safeHref(href)).toBeNull();
    const blocks = await read(`[label](<${href}>)`);
    expect(words(blocks)).not.toContain('"link"');
    expect(words(blocks)).toContain('label');
  });

  it('keeps links to pages and mail', async () => {
    expect(words(await read('[paper](https://arxiv.org/abs/1) <https://a.example>'))).toContain('"link"');
    expect(safeHref('mailto:a@b.example')).toBe('mailto:a@b.example');
  });

  it('shows the box of a task once, in loose and numbered lists, too', async () => {
    const lists = await read('- [x] a\n\n- [ ] b\n\nwords\n\n1. [x] c\n   - [X] d');
    expect(words(lists)).not.toMatch(/\[[ xX]\]/);
    expect(words(lists).match(/"checked":(true|false)/g)).toEqual([
      '"checked":true',
      '"checked":false',
      '"checked":true',
      '"checked":true',
    ]);
  });

  it('tells formulas from money', async () => {
    expect(words(await read('It cost $5 and then $10.'))).not.toContain('"math"');
    expect(words(await read('with $k_0 = 60$ at first'))).toContain('"tex":"k_0 = 60"');
    expect((await read('$$\nx^2\n$$'))[0].t).toBe('equation');
  });

  it('caps a table of 5,000 rows and one of 40 columns', async () => {
    const long = `| a | b |\n| --- | --- |\n${'| 1 | 2 |\n'.repeat(5000)}`;
    const [table] = (await read(long)) as Extract<Block, { t: 'table' }>[];
    expect(table.rows).toHaveLength(200);
    expect(table.omitted).toBe('4,800 more rows left out.');
    const wide = `|${' h |'.repeat(40)}\n|${' - |'.repeat(40)}\n|${' x |'.repeat(40)}`;
    const [narrow] = (await read(wide)) as Extract<Block, { t: 'table' }>[];
    expect(narrow.head).toHaveLength(14);
    expect(narrow.rows[0].cells).toHaveLength(14);
    expect(narrow.omitted).toContain('26 more columns');
  });

  it.each([
    ['| $a|b$ | c |', ['$a\\vert b$', 'c']],
    ['| $\\|x\\|_2$ | c |', ['$\\Vert x\\Vert _2$', 'c']],
    ['| \\(a|b\\) | c |', ['$a\\vert b$', 'c']],
    ['| `a|b` | c |', ['`a|b`', 'c']],
    ['| $5 | $10 |', ['$5', '$10']],
  ])('keeps the cells of %s', async (row, cells) => {
    const [table] = (await read(`| a | b |\n| - | - |\n${row}`)) as Extract<Block, { t: 'table' }>[];
    const shown = table.rows[0].cells.map(([cell]) =>
      cell.t === 'math' ? `$${cell.tex}$` : cell.t === 'code' ? `\`${cell.v}\`` : plain([cell]),
    );
    expect(shown).toEqual(cells);
  });

  it('shows the pictures of a table after it', async () => {
    const blocks = await read(
      '| before | after |\n| --- | --- |\n| ![A](a.png) | <img src="b.png" alt="B"> |',
    );
    expect(blocks.map((block) => block.t)).toEqual(['table', 'missing', 'missing']);
    expect(words([blocks[0]])).toMatch(/"A".*"B"/);
    expect(blocks.slice(1)).toMatchObject([{ what: 'a.png' }, { what: 'b.png' }]);
  });

  it('reads names with blanks, links files of the repository, and names those that it cannot link', async () => {
    const files = (href: string) => (href === 'train.log' ? 'sprints/one/train.log' : null);
    const blocks = await parseMarkdown(
      '![plot](my plot (1).png) [log](train.log) [gone](a b.log) [part](#idea) [x](javascript:a.b)',
      noImages,
      { files },
    );
    expect(blocks[0]).toMatchObject({ t: 'missing', what: 'my plot (1).png' });
    const { c } = blocks[1] as Extract<Block, { t: 'para' }>;
    expect(words([blocks[1]])).toContain('{"t":"file","path":"sprints/one/train.log"');
    expect(plain(c)).toBe(' log gone (a b.log) part x');
  });

  it('stops at lists 50 deep and quotes 5,000 deep, and keeps their words', async () => {
    const deep = Array.from({ length: 50 }, (_, i) => `${'  '.repeat(i)}- level ${i}`).join('\n');
    const list = words(await read(deep));
    expect(list).toContain('level 0');
    expect(list).toContain('level 49');
    expect(list.split('"t":"list"').length - 1).toBeLessThanOrEqual(9);
    expect(words(await read(`${'>'.repeat(5000)} end`))).toContain('end');
  });

  it('keeps very long words as they are, and takes out what is not printable', async () => {
    const text = words(await read(`${'x'.repeat(500)} a\u0000b\u202ec \ud800`));
    expect(text).toContain('x'.repeat(500));
    expect(text).toContain('abc');
    expect(text).not.toMatch(/\p{Surrogate}|\\ud800/u);
  });

  it('draws a vega-lite fence, and says why not for one that reads a file', async () => {
    const spec = (data: object) => JSON.stringify({ data, mark: 'point', encoding: {} });
    const good = await read(`\`\`\`vega-lite\n${spec({ values: [{ a: 1 }] })}\n\`\`\``);
    expect(words(good)).toContain('<svg');
    const [bad] = await read(`\`\`\`vega-lite\n${spec({ url: '/etc/passwd' })}\n\`\`\``);
    expect(bad).toEqual({ t: 'missing', what: 'a vega-lite plot', why: '"url" is not allowed' });
  });
});
