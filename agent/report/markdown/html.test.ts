import { describe, expect, it } from 'vitest';
import { writeMarkdown } from '../write/markdown.ts';
import type { ImageReader } from './images.ts';
import { parseMarkdown } from './parse.ts';

const images: ImageReader = (href, alt) => ({ t: 'missing', what: href, why: alt });
/** The blocks as Markdown again: the shortest form that shows them all. */
async function read(source: string) {
  const blocks = await parseMarkdown(source, images);
  return writeMarkdown({ title: '', left: '', right: '', foot: '', date: '', blocks }, 'x').trim();
}

describe('the HTML of Markdown', () => {
  it.each([
    ['H<sub>2</sub>O, x<sup>2</sup>', 'H<sub>2</sub>O, x<sup>2</sup>'],
    ['a<br>b<br/>c', 'a<br>b<br>c'],
    ['<kbd>Ctrl</kbd> <b>bold</b> <i>it</i> <del>no</del>', '`Ctrl` **bold** *it* ~~no~~'],
    ['a <!-- hidden --> b', 'a  b'],
    ['<!-- hidden\n\nover lines -->', ''],
    ['<a href="https://a.example">A</a> <a href="javascript:alert(1)">B</a>', '[A](<https://a.example>) B'],
    ['<p align="center">mid **dle**</p>', 'mid **dle**'],
    ['<h3>Head</h3>', '#### Head'],
    ['<ul><li>one<li>two</ul>', '- one\n- two'],
    ['<pre>\na &lt; b\n</pre>', '```text\na < b\n```'],
    ['<table><tr><th>h</th></tr><tr><td>1</td></tr></table>', '| h |\n| --- |\n| 1 |'],
    ['| a |\n| - |\n| x<br>y |', '| a |\n| --- |\n| x<br>y |'],
  ])('reads %j', async (source, shown) => {
    expect(await read(source)).toBe(shown);
  });

  it.each([
    'a <run id> b',
    'use <source> or <section>',
    'a<b and 5<6',
    'an open <b> tag',
    'a stray </i> tag',
  ])('leaves what only looks like it: %s', async (source) => {
    expect(await read(source)).toBe(source.replaceAll('<', '&lt;').replaceAll('>', '&gt;'));
  });

  it.each([
    '<details>\n<summary>All **runs**</summary>\n\n- one\n- two\n\n</details>',
    '<details><summary>All **runs**</summary>\n- one\n- two\n</details>',
    '<details open>\n<summary>All **runs**</summary>\n\n- one\n- two',
  ])('folds away details: %j', async (source) => {
    expect(await read(source)).toBe(
      '<details>\n<summary>All **runs**</summary>\n\n- one\n- two\n\n</details>',
    );
  });

  it('keeps a fence in details, whatever it holds', async () => {
    const shown = await read('<details>\n\n```html\n</details>\n```\n\n</details>\n\nafter');
    expect(shown).toContain('```html\n</details>\n```\n\n</details>\n\nafter');
  });

  it.each([
    ['<img src="a b.png" alt="A">', 'a b.png (A)'],
    ['<p align="center"><img src="a.png" alt="A"></p>', 'a.png (A)'],
    ['words <img src="a.png" alt="A"> words', 'a.png (A)'],
    ['[![A](a.png)](https://x.example)', 'a.png (A)'],
  ])('shows the picture of %s', async (source, shown) => {
    expect(await read(source)).toContain(`*Picture not shown: ${shown}*`);
  });

  it.each(['<details>\n\n', '<ul><li>', '<div>', '<b>', '<table><tr><td>'])(
    'ends at %j, five thousand times',
    async (tag) => {
      expect(await read(`${tag.repeat(5000)}the end`)).not.toBe('');
    },
  );

  it('shows tags that run or fetch as words', async () => {
    const shown = await read(
      '<script>\nalert(1)\n</script>\n\n<iframe src="x"></iframe>\n\n<style>a{}</style>',
    );
    for (const tag of ['&lt;script&gt;', '&lt;iframe', '&lt;style&gt;']) expect(shown).toContain(tag);
  });
});

it('reads notes of GitHub and Obsidian', async () => {
  const note = (source: string) => parseMarkdown(source, images).then(([block]) => block);
  expect(await note('> [!WARNING]\n> Take *care*.')).toMatchObject({
    t: 'note',
    label: 'Warning',
    tone: 'warn',
  });
  expect(await note('> [!tip]- My `title`\n> - x')).toMatchObject({ label: 'My title', c: [{ t: 'list' }] });
  expect(await note('> plain')).toMatchObject({ t: 'quote' });
});
