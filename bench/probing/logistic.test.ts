import { describe, expect, it } from 'vitest';
import { Random } from '../random.ts';
import { fitLogistic } from './logistic.ts';
import { designed } from './testing/designed.ts';
import { descent } from './testing/plain.ts';

describe('logistic regression', () => {
  it('is where plain gradient descent ends', () => {
    const random = new Random(1, 'logistic', 0);
    const x = Array.from({ length: 120 }, () =>
      [0, 1, 2].map(() => (random.uniform() < 0.5 ? 2 * random.normal() : 0)),
    );
    const label = x.map(([a, b]) => Number(a - b + random.normal() > 0.5));
    const { design, rest } = designed(x, label);
    const { weights, intercept } = fitLogistic(design, rest, 3);
    const plain = descent(x, label);
    [...weights, intercept].forEach((value, i) => {
      expect(value).toBeCloseTo(plain[i], 7);
    });
  });

  it('ends where the label is told without error, and where a feature is huge', () => {
    const x = Array.from({ length: 40 }, (_, row) => [row % 2, row % 2 === 0 ? 0 : 1e30 * row]);
    const { design, rest } = designed(
      x,
      x.map(([a]) => a),
    );
    const { weights, intercept } = fitLogistic(design, rest, 2);
    expect([...weights, intercept].every(Number.isFinite)).toBe(true);
    expect(intercept).toBeLessThan(0);
  });
});
