import { describe, expect, it } from 'vitest';
import type { Block } from '../document/tree.ts';
import type { ImageReader } from './images.ts';
import { parseMarkdown } from './parse.ts';

const noImages: ImageReader = (href) => ({ t: 'missing', what: href, why: 'no pictures here' });
const read = (source: string) => parseMarkdown(source, noImages);

/** What is found: kinds of blocks, and the TeX of formulas in lines and of equations. */
async function found(source: string) {
  const blocks = await read(source);
  const tex: string[] = [];
  JSON.stringify(blocks, (key, value) => {
    if (key === 'tex') tex.push(value);
    return value;
  });
  return { kinds: blocks.map((block) => block.t), tex };
}

describe('formulas as language models write them', () => {
  it.each([
    [String.raw`the matrix \(W\) has \(n \times d\) numbers`, ['W', String.raw`n \times d`]],
    [String.raw`escaped once more: \\(x_1\\)`, ['x_1']],
    ['the $n$th of $`x^2`$', ['n', 'x^2']],
    ['in *a $b*c$ d*', ['b*c']],
    [String.raw`costs $\text{\$5}$`, [String.raw`\text{\$5}`]],
  ])('in a line: %s', async (source, tex) => {
    expect(await found(source)).toEqual({ kinds: ['para'], tex });
  });

  it.each([
    ['$$x^2$$', ['equation']],
    ['$$\nx\n\n^2\n$$', ['equation']],
    [String.raw`\[ x^2 \]`, ['equation']],
    ['\\[\nx^2\n\\]', ['equation']],
    ['words\n\\[\nx^2\n\\]\nwords', ['para', 'equation', 'para']],
    ['words \\[ x^2 \\] words', ['para', 'equation', 'para']],
    ['words $$x^2$$ words', ['para', 'equation', 'para']],
    ['words $$\nx^2\n$$ words\n\nmore', ['para', 'equation', 'para', 'para']],
    ['\\begin{align*}\nx &= 1 \\\\\ny &= 2\n\\end{align*}', ['equation']],
    ['where\n\\begin{equation}\nx\n\\end{equation}', ['para', 'equation']],
  ])('on its own: %j', async (source, kinds) => {
    const { kinds: got, tex } = await found(source);
    expect(got).toEqual(kinds);
    expect(tex).toHaveLength(1);
  });

  it('sets an equation in a list', async () => {
    const [list] = (await read('- where\n  $$\n  a_b\n  $$')) as Extract<Block, { t: 'list' }>[];
    expect(list.items[0].c.map((block) => block.t)).toEqual(['para', 'equation']);
  });

  it.each([
    'It cost $5 and then $10.',
    'It cost $10, and the name is `$x` here.',
    'US$5–$10, from $0.5/M to $1/M, ($3) or ($4)',
    '$HOME/$USER and $HOME/x',
    String.raw`cite \[1\] and \(see the text above\) and \[x\](y)`,
    'about ~5% (~3x faster) or ~10%',
    'a lone $$ here\n\nand $$ there',
  ])('leaves prose alone: %s', async (source) => {
    const { kinds, tex } = await found(source);
    expect(tex).toEqual([]);
    expect(new Set(kinds)).toEqual(new Set(['para']));
    expect(JSON.stringify(await read(source))).not.toContain('"del"');
  });
});
