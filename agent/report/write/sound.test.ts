import { expect, it } from 'vitest';
import type { Block } from '../document/tree.ts';
import { formula } from '../markdown/math.ts';
import { sound } from './sound.ts';

const para = (v: string): Block => ({ t: 'para', c: [{ t: 'text', v }] });
const badFormulas = (blocks: readonly Block[]) => !JSON.stringify(blocks).includes('"m":"frac"');

it('makes only the bad block plainer, in few checks', () => {
  const equation: Block = { t: 'equation', ...formula('\\frac{a}{b}', true) };
  const blocks = [
    ...Array.from({ length: 100 }, (_, i) => para(`${i}`)),
    { t: 'quote' as const, c: [equation] },
  ];
  let checks = 0;
  const mended = sound(blocks, (some) => {
    checks++;
    return badFormulas(some);
  });
  expect(mended.changed).toBe('1 part');
  expect(mended.blocks.slice(0, 100)).toEqual(blocks.slice(0, 100));
  expect(mended.blocks[100]).toEqual({ t: 'quote', c: [{ ...equation, walk: null }] });
  expect(checks).toBeLessThan(30);
});

it('shows the words of a block when nothing else passes', () => {
  const list: Block = { t: 'list', ordered: false, start: 1, items: [{ checked: null, c: [para('one')] }] };
  const { blocks } = sound([list], (some) => some.every(({ t }) => t === 'para'));
  expect(blocks).toEqual([para('one')]);
});

it('ends even when nothing passes', () => {
  expect(sound([para('x'), para('y')], () => false).blocks).toEqual([{ t: 'rule' }, { t: 'rule' }]);
});
