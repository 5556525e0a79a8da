import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

const MODULE = new URL('./loading.mjs', import.meta.url);
const THREAD = `
  import { writeSync } from 'node:fs';
  import { workerData } from 'node:worker_threads';
  import { whileLoading } from '${MODULE}';
  whileLoading(workerData.loading, () => {
    Atomics.store(workerData.begun, 0, 1);
    Atomics.notify(workerData.begun, 0);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
    writeSync(1, 'loaded');
  });`;
const PROGRAM = `
  import { startLoading } from '${new URL('./threads.ts', import.meta.url)}';
  const begun = new Int32Array(new SharedArrayBuffer(4));
  const entry = new URL('data:text/javascript,${encodeURIComponent(THREAD).replaceAll("'", '%27')}');
  startLoading(entry, { execArgv: [], workerData: { begun } }).unref();
  Atomics.wait(begun, 0, 0);
  ENDING;`;

it.each([
  ['', 0],
  ['process.exit(7)', 7],
  ["throw new Error('as told')", 1],
])('a process that ends while a thread loads ends after it: %s', (ending, code) => {
  const words = ['--import', 'tsx', '--input-type=module', '--eval', PROGRAM.replace('ENDING', ending)];
  const { status, stdout } = spawnSync(process.execPath, words, { encoding: 'utf8' });
  expect(stdout).toBe('loaded');
  expect(status).toBe(code);
});
