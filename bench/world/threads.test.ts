import { expect, it } from 'vitest';
import { orthogonalise, randomDirections } from './dictionary.ts';
import { orthogonaliseOnThreads } from './threads.ts';
import { TorchGenerator } from './torch-rng.ts';

it('does what the plain one does, the same on any number of threads', async () => {
  const [n, d] = [301, 37];
  const start = randomDirections(n, d, new TorchGenerator(1));
  const settings = { num_steps: 15, lr: 0.003 };
  const plain = start.slice();
  orthogonalise(plain, d, settings);
  const results: Float32Array[] = [];
  const steps: number[] = [];
  for (const threads of [1, 2, 3]) {
    const rows = start.slice();
    await orthogonaliseOnThreads(rows, d, settings, (step) => steps.push(step), threads);
    results.push(rows);
  }
  const worst = results[0].reduce((max, value, i) => Math.max(max, Math.abs(value - plain[i])), 0);
  expect(worst).toBeLessThan(2e-6);
  expect(worst).toBeLessThan(
    start.reduce((max, value, i) => Math.max(max, Math.abs(value - plain[i])), 0) / 100,
  );
  expect(results[1]).toEqual(results[0]);
  expect(results[2]).toEqual(results[0]);
  expect(steps).toHaveLength(45);
});
