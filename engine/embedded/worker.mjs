// One thread of the pool (pool.ts): sleeps until there is a job, takes chunks of it until none is left. Plain JavaScript, since
// `--import tsx` does not reach threads.
import { workerData } from 'node:worker_threads';
import { ARGUMENTS, JOBS, MAX_ARGUMENTS, takeChunks } from './chunks.mjs';

const { module, memory } = workerData;
const { exports } = new WebAssembly.Instance(module, { env: { memory, abort() {} } });
const kernels = Object.values(exports).filter((value) => typeof value === 'function');
const control = new Int32Array(memory.buffer, 0, ARGUMENTS / 4);
const parameters = new Float64Array(memory.buffer, ARGUMENTS, MAX_ARGUMENTS);

/** A sleeper takes tens of microseconds to wake, and jobs come in quick succession. */
const SPINS = 4000;

for (let seen = 0; ; seen = Atomics.load(control, JOBS)) {
  takeChunks(control, parameters, kernels);
  let spins = SPINS;
  while (spins-- > 0 && Atomics.load(control, JOBS) === seen);
  if (spins < 0) Atomics.wait(control, JOBS, seen);
}
