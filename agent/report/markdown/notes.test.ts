import { expect, it } from 'vitest';
import { writeMarkdown } from '../write/markdown.ts';
import { parseMarkdown } from './parse.ts';

async function read(source: string) {
  const blocks = await parseMarkdown(source, (href) => ({ t: 'missing', what: href, why: '' }));
  return writeMarkdown({ title: '', left: '', right: '', foot: '', date: '', blocks }, 'x').trim();
}

it('numbers footnotes in the order of their marks, and lists their texts', async () => {
  const source =
    'One[^b] two[^a] one again[^b].\n\n[^a]: the *second*\n[^b]: the first\nover lines\n\n    and $x$ in a paragraph\n\nafter';
  expect(await read(source)).toBe(
    'One<sup>1</sup> two<sup>2</sup> one again<sup>1</sup>.\n\nafter\n\n---\n\n' +
      '1. the first over lines\n\n   and $x$ in a paragraph\n2. the *second*',
  );
});

it('keeps marks without a text, and texts without a mark', async () => {
  expect(await read('see [^gone]\n\n[^alone]: nobody refers to it')).toBe(
    'see \\[^gone\\]\n\n---\n\n1. nobody refers to it',
  );
});

it('ends when footnotes refer to each other', async () => {
  expect(await read('x[^a]\n\n[^a]: y[^b]\n[^b]: z[^a]')).toContain('1. y<sup>2</sup>\n2. z<sup>1</sup>');
});

it('shows an address that is defined and not used', async () => {
  const shown = await read('[used][1]\n\n[1]: https://a.example\n[2]: https://b.example "Title"');
  expect(shown).toBe('[used](<https://a.example>)\n\n\\[2\\] [https://b.example](<https://b.example>) Title');
});
