import { expect, it } from 'vitest';
import { repeatedFailure } from './stagnation.ts';

it('a night ends after the same failure three times, wherever it came', () => {
  const reason = (step: number) =>
    `the last one diverged: loss is NaN at step ${step}, run 2026-01-01--00-00-0${step}`;
  expect(repeatedFailure([reason(1), reason(2), reason(3)])).toBe(`3 times in a row: ${reason(3)}`);
  expect(repeatedFailure([reason(1), reason(2)])).toBeNull();
  expect(repeatedFailure([reason(1), 'check failed', reason(3)])).toBeNull();
  expect(repeatedFailure(['check failed', reason(1), reason(2), reason(3)])).not.toBeNull();
});
