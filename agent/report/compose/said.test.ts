import { expect, it } from 'vitest';
import { type Block, plain } from '../document/tree.ts';
import { saidBlocks } from './said.ts';

const textsOf = (blocks: readonly Block[]): string[] =>
  blocks.flatMap((block) =>
    block.t === 'untrusted'
      ? textsOf(block.c)
      : block.t === 'para' || block.t === 'heading'
        ? [plain(block.c)]
        : [],
  );

it('shows what was said by the clock, as one plain line each', () => {
  const said = [{ at: '2026-02-18T21:40:00Z', text: 'I look first.\n\u001b[31mThen I try.' }];
  expect(textsOf(saidBlocks({ id: 'a', said }))).toEqual([
    'Between the calls',
    '21:40 I look first. Then I try.',
  ]);
  expect(saidBlocks({ id: 'a' })).toEqual([]);
});

it('is short: long texts are cut, and many are counted', () => {
  const said = Array.from({ length: 50 }, () => ({ at: '2026-02-18T21:40:00Z', text: 'x'.repeat(2000) }));
  const texts = textsOf(saidBlocks({ id: 'a', said }));
  expect(texts).toHaveLength(42);
  expect(Math.max(...texts.map((line) => line.length))).toBeLessThan(420);
  expect(texts.at(-1)).toBe('10 more are in sprints/a/sprint.json.');
});
