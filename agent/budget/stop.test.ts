import { expect, it } from 'vitest';
import { Stopper } from './stop.ts';

it('knows the mode of a stop: a later request counts where it presses more', () => {
  const asked = (...requests: readonly (readonly [string, 'after-run' | 'keep' | 'now'])[]) => {
    const stopper = new Stopper('/nowhere');
    for (const [reason, mode] of requests) stopper.ask({ code: 'stop', reason }, mode);
    const { soft, keep, hard } = stopper;
    return [stopper.requested()?.reason, soft.aborted, keep.aborted, hard.aborted];
  };
  expect(asked()).toEqual([undefined, false, false, false]);
  expect(asked(['a', 'after-run'])).toEqual(['a', true, false, false]);
  expect(asked(['a', 'after-run'], ['b', 'keep'])).toEqual(['b', true, true, false]);
  expect(asked(['a', 'keep'], ['b', 'after-run'])).toEqual(['a', true, true, false]);
  expect(asked(['a', 'keep'], ['b', 'now'])).toEqual(['a', true, true, true]);
});
