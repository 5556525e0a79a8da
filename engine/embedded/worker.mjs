// One thread of the pool (pool.ts): sleeps until there is a job, then takes chunks of it until none is left.
// Plain JavaScript, since `--import tsx` does not reach threads.
import { writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { workerData } from 'node:worker_threads';
import { whileLoading } from '../native/loading.mjs';
import { ARGUMENTS, JOBS, kernelsOf, MAX_ARGUMENTS, takeChunks } from './chunks.mjs';

const { module, memory, native, loading } = workerData;
// If the memory grew while it was handed over, this thread would keep the old size: plain loads do not check
// it, but memory.fill would trap. Growing by 0 pages takes the current size; later growth reaches this
// thread.
memory.grow(0);
const { exports } = new WebAssembly.Instance(module, { env: { memory, abort() {} } });

function nativeKernels() {
  const library = createRequire(import.meta.url)('koffi').load(native);
  return kernelsWith((declaration) => library.func(declaration));
}

function kernelsWith(func) {
  return [...kernelsOf(exports, memory, func).values()];
}

const kernels = native ? whileLoading(loading, nativeKernels) : kernelsWith(null);
const control = new Int32Array(memory.buffer, 0, ARGUMENTS / 4);
const parameters = new Float64Array(memory.buffer, ARGUMENTS, MAX_ARGUMENTS);

/** Polls before this thread sleeps: waking takes tens of microseconds, and jobs come in quick succession. */
const SPINS = 4000;

for (let seen = 0; ; seen = Atomics.load(control, JOBS)) {
  const failure = takeChunks(control, parameters, kernels);
  // The caller only sees that a kernel failed; the error is known on this thread alone.
  if (failure) writeSync(2, `${failure.stack}\n`);
  let spins = SPINS;
  while (spins-- > 0 && Atomics.load(control, JOBS) === seen);
  if (spins < 0) Atomics.wait(control, JOBS, seen);
}
