import { existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

it('takes a STOP that cannot be read as one without a word', () => {
  const repo = mkdtempSync(join(tmpdir(), 'stop-'));
  const stopper = new Stopper(repo);
  expect(stopper.requested()).toBeNull();
  mkdirSync(join(repo, 'STOP/below'), { recursive: true });
  expect(stopper.requested()).toEqual({ code: 'stop', reason: 'the file STOP' });
  expect([stopper.keep.aborted, stopper.hard.aborted]).toEqual([true, false]);
  expect(existsSync(join(repo, 'STOP'))).toBe(false);
  mkdirSync(join(repo, 'STOP'));
  expect(stopper.forgetOld(new Date(Date.now() + 60_000))).toBe(true);
  expect(existsSync(join(repo, 'STOP'))).toBe(false);
});
