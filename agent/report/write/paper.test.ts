import { expect, it } from 'vitest';
import type { Block } from '../document/tree.ts';
import { breakable, forPaper } from './paper.ts';

const pieces = (word: string) => breakable(word).split('\u200b');

it('lets a word break where a reader would', () => {
  expect(pieces('superposition')).toEqual(['superposition']);
  expect(pieces('runs/2026-02-18--21-41-02-lista')).toEqual([
    ...['runs/', '2026-', '02-', '18--', '21-', '41-', '02-', 'lista'],
  ]);
  expect(pieces('auxiliaryLossCoefficient')).toEqual(['auxiliary', 'Loss', 'Coefficient']);
  expect(pieces('x'.repeat(60))).toEqual(['x'.repeat(24), 'x'.repeat(24), 'x'.repeat(12)]);
  expect(pieces('2.5').concat(pieces('two words'))).toEqual(['2.5', 'two words']);
});

it('sets tabs as spaces up to the next stop, in code and in diffs', () => {
  const code: Block = {
    ...{ t: 'code', lang: '', omitted: 0 },
    lines: [
      [
        { v: 'ab\t', k: 'keyword' },
        { v: '\tc', k: 'plain' },
      ],
    ],
  };
  const diff: Block = {
    t: 'diff',
    whole: 'x',
    omitted: 0,
    files: [{ path: 'a', note: '', lines: [{ k: 'add', v: '\tx\ty' }] }],
  };
  const [first, second] = forPaper([code, diff]);
  expect(first).toMatchObject({ lines: [[{ v: 'ab  ' }, { v: '    c' }]] });
  expect(second).toMatchObject({ files: [{ lines: [{ v: '    x   y' }] }] });
});

it('leaves addresses, formulas and pictures as they are', () => {
  const href = 'https://a.example/a/very/long/path';
  const blocks: Block[] = [
    { t: 'para', c: [{ t: 'link', href, c: [] }] },
    { t: 'figure', alt: '', caption: null, picture: { kind: 'plot', panels: [href], legend: [] } },
  ];
  expect(forPaper(blocks)).toEqual(blocks);
});
