import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Random } from '../random.ts';
import { fitLogistic } from './logistic.ts';
import { designed } from './testing/designed.ts';

const python = process.env.SKLEARN_PYTHON ?? 'python3';
const hasSklearn = spawnSync(python, ['-c', 'import sklearn, numpy']).status === 0;

it.skipIf(!hasSklearn)('fits a probe of 16 latents as scikit-learn does', () => {
  const random = new Random(2, 'sklearn', 0);
  const x = Array.from({ length: 500 }, () =>
    Array.from({ length: 16 }, () => (random.uniform() < 0.15 ? random.exponential() : 0)),
  );
  const label = x.map(([a, b, c]) => Number(a + 0.5 * b - c + 0.3 * random.normal() > 0.6));
  const { design, rest } = designed(x, label);
  const { weights, intercept } = fitLogistic(design, rest, 16);
  const script = join(import.meta.dirname, 'testing', 'logistic.py');
  const said = spawnSync(python, [script], { input: JSON.stringify({ x, label }), encoding: 'utf8' });
  expect(said.status, said.stderr).toBe(0);
  const theirs = JSON.parse(said.stdout) as { weights: number[]; intercept: number };
  [...weights, intercept].forEach((value, i) => {
    expect(value).toBeCloseTo([...theirs.weights, theirs.intercept][i], 4);
  });
});
