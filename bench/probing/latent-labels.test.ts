import { expect, it } from 'vitest';
import { codeTable } from './code-table.ts';
import { latentLabels, strongestRows } from './latent-labels.ts';
import { sparse } from './testing/plain.ts';

const table = codeTable(
  [
    sparse([
      [1, 0, 0],
      [5, 2, 0],
      [3, 0, 0],
      [0, -7, 0],
    ]),
  ],
  3,
);
const labels = [
  { name: 'first three', rows: Uint32Array.of(0, 1, 2) },
  { name: 'last', rows: Uint32Array.of(3) },
];

it('names the label that each latent detects best', () => {
  const of = (latent: number) => latentLabels(table, labels)[latent];
  expect(of(0)).toEqual({ latent: 0, rate: 0.75, label: 'first three', precision: 1, recall: 1, f1: 1 });
  expect(of(1)).toMatchObject({ rate: 0.5, label: 'last', precision: 0.5, recall: 1 });
  expect(of(2)).toEqual({ latent: 2, rate: 0, label: null, precision: 0, recall: 0, f1: 0 });
});

it('finds where a latent is strongest, once in each group', () => {
  const groupOf = (row: number) => Math.floor(row / 2);
  expect(strongestRows(table, 0, 2, groupOf)).toEqual([
    { row: 1, value: 5 },
    { row: 2, value: 3 },
  ]);
  expect(strongestRows(table, 1, 1, groupOf)).toEqual([{ row: 3, value: -7 }]);
});
