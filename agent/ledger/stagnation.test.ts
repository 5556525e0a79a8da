import { expect, it } from 'vitest';
import type { SprintFailure } from '../journal/state.ts';
import { repeatedFailure } from './stagnation.ts';

const failure = (reason: string, code: SprintFailure['code'] = 'same-failure') => ({ code, reason });

it('a night ends after the same failure three times, wherever it came', () => {
  const at = (step: number) =>
    failure(`the last one diverged: loss is NaN at step ${step}, run 2026-01-01--00-00-0${step}`);
  const other = failure('check failed');
  expect(repeatedFailure([at(1), at(2), at(3)])).toEqual(failure(`3 times in a row: ${at(3).reason}`));
  expect(repeatedFailure([at(1), at(2)])).toBeNull();
  expect(repeatedFailure([at(1), other, at(3)])).toBeNull();
  expect(repeatedFailure([other, at(1), at(2), at(3)])).not.toBeNull();
});

it('tells three conversations without a sprint from three failures, by their code', () => {
  const silent = failure('nothing', 'no-sprint');
  expect(repeatedFailure([silent, silent, silent])?.code).toBe('no-sprint');
  expect(repeatedFailure([silent, failure('nothing'), silent])).toBeNull();
});
