import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

const PROGRAM = `
  import { Worker } from 'node:worker_threads';
  import { openLoading } from '${new URL('./threads.ts', import.meta.url)}';

  const THREAD = \`
    const { workerData: { module, word, begun } } = require('node:worker_threads');
    import(module).then(({ whileLoading }) => {
      whileLoading(word, () => {
        Atomics.store(begun, 0, 1);
        Atomics.notify(begun, 0);
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
        require('node:fs').writeSync(1, 'loaded');
      });
    });\`;
  const begun = new Int32Array(new SharedArrayBuffer(4));
  const module = '${new URL('./loading.mjs', import.meta.url)}';
  const workerData = { module, word: openLoading(), begun };
  new Worker(THREAD, { eval: true, execArgv: [], workerData }).unref();
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
