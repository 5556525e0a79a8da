import { expect, it } from 'vitest';
import type { Block } from '../document/tree.ts';
import type { ImageReader } from './images.ts';
import { parseMarkdown } from './parse.ts';
import { shorten } from './shorten.ts';

const noImages: ImageReader = (href) => ({ t: 'missing', what: href, why: 'no pictures here' });
const read = (source: string) => parseMarkdown(source, noImages);
const lines = (count: number) => Array.from({ length: count }, (_, i) => `line ${i}`);

it.each([
  ['a fence', '```text\n', '```', ''],
  ['a fence of tildes', '~~~\n', '~~~', ''],
  ['a fence in a quote', '> ```\n', '> ```', '> '],
  ['a fence in a list', '- item\n  ```\n', '  ```', '  '],
])('cuts %s of 3 MB, counts its lines, and keeps the words after it', async (_, open, close, prefix) => {
  const body = lines(300_000).map((line) => prefix + line);
  const blocks = await read(`before\n\n${open}${body.join('\n')}\n${close}\n\n## after\n\nthe end`);
  expect(blocks.slice(-2).map(({ t }) => t)).toEqual(['heading', 'para']);
  const shown = JSON.stringify(blocks);
  expect(shown).toContain('"omitted":299600');
  expect(shown).toContain('line 399');
  expect(shown).not.toContain('line 400"');
  expect(shown).not.toContain('u0001');
});

it('cuts a line of 3 MB and counts its characters', async () => {
  const [code, after] = await read(`\`\`\`\n${'x'.repeat(3_000_000)}\n\`\`\`\n\nthe end`);
  expect(JSON.stringify(code)).toContain('x… 2,999,500 more characters');
  expect(after?.t).toBe('para');
});

it('cuts a table, a paragraph and a list, each by itself', async () => {
  const table = `| a |\n| --- |\n${'| 1 |\n'.repeat(5000)}`;
  const blocks = await read(`${table}\n${'word '.repeat(100_000)}\n\n${'- item\n'.repeat(50_000)}\nthe end`);
  const [first] = blocks as Extract<Block, { t: 'table' }>[];
  expect(first.rows).toHaveLength(200);
  expect(first.omitted).toBe('4,800 more rows left out.');
  const shown = JSON.stringify(blocks).match(/[\d,]+ characters are left out here/g);
  expect(shown).toEqual(['440,000 characters are left out here', '290,003 characters are left out here']);
  expect(JSON.stringify(blocks.at(-1))).toContain('the end');
});

it('names the file that has all', async () => {
  const whole = 'sprints/one/README.md';
  const end = async (source: string) =>
    JSON.stringify((await parseMarkdown(source, noImages, { whole })).at(-1));
  expect(await end(`\`\`\`\n${lines(500).join('\n')}\n\`\`\``)).toContain(whole);
  expect(await end(`| a |\n| - |\n${'| 1 |\n'.repeat(300)}`)).toContain(whole);
  expect(await end('words\n\n'.repeat(50_000))).toContain(`46,000 more paragraphs are left out. ${whole}`);
  expect(await end('words')).not.toContain(whole);
  expect(await end(`\`\`\`\n${'x'.repeat(600)}\n\`\`\``)).toContain(whole);
  // Beside its end, each part that was cut names it: one inside a quote, too.
  const [quote] = await parseMarkdown(
    `> ~~~\n${lines(500)
      .map((line) => `> ${line}`)
      .join('\n')}\n> ~~~`,
    noImages,
    { whole },
  );
  expect(quote).toMatchObject({ c: [{ omitted: 100, whole }] });
  const wide = await parseMarkdown(
    `|${'a|'.repeat(20)}\n|${'-|'.repeat(20)}\n|${'1|'.repeat(20)}`,
    noImages,
    { whole },
  );
  expect(wide).toMatchObject([{ omitted: `6 more columns left out. ${whole} has all.` }]);
});

it('leaves alone what is short', () => {
  const source = `| ${'word '.repeat(200)} |\n`.concat(
    'a\n\n```ts\nx\n```\n\n| a |\n| - |\n| 1 |\n\n```` `inline` ````\n\n~~~\nno end',
  );
  expect(shorten(source)).toEqual({ text: source, cut: false });
});
