import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Seen } from './queue.ts';
import { QueueWatch } from './watch.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const job = (state: string): Seen => ({ id: '1', state, reason: 'None', node: 'n1' });

it('asks for all jobs in one call, at its rate, and not at all where there is none', async () => {
  const calls: string[][] = [];
  const watch = new QueueWatch(1000, async (names) => {
    calls.push([...names]);
    return new Map(names.map((name) => [name, job('RUNNING')]));
  });
  await vi.advanceTimersByTimeAsync(5000);
  expect(calls).toEqual([]);
  for (const name of ['a', 'b', 'c']) watch.add(name);
  await vi.advanceTimersByTimeAsync(3500);
  expect(calls).toEqual([1, 2, 3].map(() => ['a', 'b', 'c']));
  watch.remove('b');
  await vi.advanceTimersByTimeAsync(1000);
  expect(calls.at(-1)).toEqual(['a', 'c']);
  for (const name of ['a', 'c']) watch.remove(name);
  const before = calls.length;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(calls.length).toBe(before);
});

it('asks less often where Slurm is silent, and keeps what it knew', async () => {
  let silent = false;
  const at: number[] = [];
  const watch = new QueueWatch(1000, async (names) => {
    at.push(Date.now());
    return silent ? null : new Map(names.map((name) => [name, job('RUNNING')]));
  });
  watch.add('a');
  await vi.advanceTimersByTimeAsync(1000);
  silent = true;
  await vi.advanceTimersByTimeAsync(130_000);
  expect(at.slice(1).map((time, i) => (time - (at[i] ?? 0)) / 1000)).toEqual([1, 2, 4, 8, 16, 32, 60]);
  expect(watch.isActive('a')).toBe(true);
  expect(watch.silentSince).toBe(at[1]);
  silent = false;
  await vi.advanceTimersByTimeAsync(62_000);
  expect(watch.silentSince).toBeNull();
  const beats = at.length;
  await vi.advanceTimersByTimeAsync(5000);
  expect(at.length - beats).toBe(5);
});

it.each([
  ['PENDING', true],
  ['COMPLETING', true],
  ['REQUEUED', true],
  ['COMPLETED', false],
  ['NODE_FAIL', false],
  ['CANCELLED', false],
])('a job that is %s is active: %s', async (state, active) => {
  const watch = new QueueWatch(1000, async () => new Map([['a', job(state)]]));
  watch.add('a');
  expect(watch.isActive('a')).toBe(true);
  await vi.advanceTimersByTimeAsync(1000);
  expect(watch.isActive('a')).toBe(active);
});

it('a job that Slurm does not know is not active', async () => {
  const watch = new QueueWatch(1000, async () => new Map());
  watch.add('a');
  await vi.advanceTimersByTimeAsync(1000);
  expect(watch.of('a')?.seen).toBeNull();
  expect(watch.isActive('a')).toBe(false);
});
