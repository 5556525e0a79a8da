import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterEach, expect, it } from 'vitest';
import { endLoading, loadingWord } from './loading.mjs';
import { closeLoading, openLoading } from './threads.ts';

const [BEGUN, LOADED] = [0, 1];
/** A thread that needs so long to load, and notes what it has done. */
const THREAD = `
const { workerData: { module, word, notes, ms } } = require('node:worker_threads');
import(module).then(({ whileLoading }) => {
  whileLoading(word, () => {
    Atomics.store(notes, ${BEGUN}, 1);
    Atomics.notify(notes, ${BEGUN});
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
    Atomics.store(notes, ${LOADED}, 1);
  });
});`;

const threads: Worker[] = [];
afterEach(() => Promise.all(threads.splice(0).map((thread) => thread.terminate())));

function start(word: Int32Array, ms: number): { thread: Worker; notes: Int32Array } {
  const notes = new Int32Array(new SharedArrayBuffer(8));
  const module = new URL('./loading.mjs', import.meta.url).href;
  const thread = new Worker(THREAD, { eval: true, execArgv: [], workerData: { module, word, notes, ms } });
  threads.push(thread);
  return { thread, notes };
}

it('waits for the threads that load, and for no other', () => {
  const word = openLoading();
  const { notes } = start(word, 1000);
  Atomics.wait(notes, BEGUN, 0);
  expect(notes[LOADED]).toBe(0);
  closeLoading(word);
  expect(notes[LOADED]).toBe(1);
  // None loads now: at once.
  expect(endLoading(word, 0)).toBe(true);
});

it('does not wait for ever for a thread that hangs', () => {
  const word = loadingWord();
  const { notes } = start(word, 1e9);
  Atomics.wait(notes, BEGUN, 0);
  expect(endLoading(word, 50)).toBe(false);
});

it('a thread that comes too late does not load, and can be ended', async () => {
  const word = loadingWord();
  expect(endLoading(word, 0)).toBe(true);
  const { thread, notes } = start(word, 0);
  await once(thread, 'online');
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect([...notes]).toEqual([0, 0]);
  expect(endLoading(word, 0)).toBe(true);
  await thread.terminate();
});

it('an error while loading leaves nothing to wait for', async () => {
  const word = loadingWord();
  const module = new URL('./loading.mjs', import.meta.url).href;
  const failing = `
    const { workerData: { module, word } } = require('node:worker_threads');
    import(module).then(({ whileLoading }) => whileLoading(word, () => { throw new Error('as told'); }));`;
  const thread = new Worker(failing, { eval: true, execArgv: [], workerData: { module, word } });
  const [{ message }] = await once(thread, 'error');
  expect(message).toBe('as told');
  expect(endLoading(word, 0)).toBe(true);
});

it('listens for the end of the process once, and no longer than it must', () => {
  const before = process.listenerCount('exit');
  const words = [openLoading(), openLoading()];
  expect(process.listenerCount('exit')).toBeLessThanOrEqual(before + 1);
  for (const word of words) closeLoading(word);
  expect(process.listenerCount('exit')).toBe(before);
});
