// One thread of the pool (pool.ts): sleeps until there is a job, takes chunks of it until none is left. Plain
// JavaScript, since `--import tsx` does not reach threads.
import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { ARGUMENTS, JOBS, MAX_ARGUMENTS, takeChunks } from './chunks.mjs';

const { module, memory } = workerData;
// Where the memory grew while it was handed over, this thread goes by the old size for good: plain loads do
// not ask, but memory.fill traps. Growing by nothing takes the size as it is; what grows later is told.
memory.grow(0);
const { exports } = new WebAssembly.Instance(module, { env: { memory, abort() {} } });
const kernels = Object.values(exports).filter((value) => typeof value === 'function');
const control = new Int32Array(memory.buffer, 0, ARGUMENTS / 4);
const parameters = new Float64Array(memory.buffer, ARGUMENTS, MAX_ARGUMENTS);

/** A sleeper takes tens of microseconds to wake, and jobs come in quick succession. */
const SPINS = 4000;

for (let seen = 0; ; seen = Atomics.load(control, JOBS)) {
  const failure = takeChunks(control, parameters, kernels);
  // The caller sees that a kernel failed; why, only this thread knows.
  if (failure) writeSync(2, `${failure.stack}\n`);
  let spins = SPINS;
  while (spins-- > 0 && Atomics.load(control, JOBS) === seen);
  if (spins < 0) Atomics.wait(control, JOBS, seen);
}
