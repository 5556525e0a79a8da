import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { endLoading, loadingWord } from './loading.mjs';
import { closeLoading, startLoading } from './threads.ts';

const [BEGUN, LOADED] = [0, 1];
/** A thread that does this to load, and notes what it has done. */
const programOf = (load: string) => `
  import { workerData } from 'node:worker_threads';
  import { whileLoading } from '${new URL('./loading.mjs', import.meta.url)}';
  const { loading, notes } = workerData;
  const note = (what) => { Atomics.store(notes, what, 1); Atomics.notify(notes, what); };
  const sleep = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  whileLoading(loading, () => {
    note(${BEGUN});
    ${load};
    note(${LOADED});
  });`;

let listeners: number;
const threads: Worker[] = [];
beforeEach(() => {
  listeners = process.listenerCount('exit');
});
afterEach(async () => {
  await Promise.all(threads.splice(0).map((thread) => thread.terminate()));
  expect(process.listenerCount('exit')).toBeLessThanOrEqual(listeners);
});

function start(load: string): { thread: Worker; notes: Int32Array } {
  const notes = new Int32Array(new SharedArrayBuffer(8));
  const entry = new URL(`data:text/javascript,${encodeURIComponent(programOf(load))}`);
  const thread = startLoading(entry, { execArgv: [], workerData: { notes } });
  threads.push(thread);
  return { thread, notes };
}

const msOf = (work: () => void): number => {
  const start = performance.now();
  work();
  return performance.now() - start;
};

it('waits for the threads that load, and for no other', () => {
  const [first, second] = [start('sleep(300)'), start('sleep(100)')];
  for (const { notes } of [first, second]) Atomics.wait(notes, BEGUN, 0);
  closeLoading([second.thread, first.thread]);
  expect([...first.notes, ...second.notes]).toEqual([1, 1, 1, 1]);
  closeLoading([first.thread]);
});

it('does not wait for ever for a thread that hangs', () => {
  const word = loadingWord();
  // As of one that has begun to load.
  Atomics.add(word, 0, 1);
  expect(msOf(() => endLoading(word, 50))).toBeGreaterThanOrEqual(49);
});

it('a thread that comes too late does not load, and can be ended', async () => {
  const { thread, notes } = start('sleep(0)');
  closeLoading([thread]);
  await once(thread, 'online');
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect([...notes]).toEqual([0, 0]);
});

it.each([
  ['an error', "throw new Error('as told')", 'error'],
  ['an end', 'process.exit()', 'exit'],
])('does not wait for a thread that was ended by %s while it loaded', async (_, load, event) => {
  const { thread } = start(load);
  await once(thread, event);
  expect(msOf(() => closeLoading([thread]))).toBeLessThan(5_000);
});
