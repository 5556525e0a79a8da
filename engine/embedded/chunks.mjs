// How the threads of the pool share a job: the control words at the start of the shared memory, and the loop
// that takes chunks. Read by worker.mjs and pool.ts.

/**
 * Words of the control block: number of the present job (sleepers wait on it), the next chunk, chunks done, a
 * failure.
 */
export const JOBS = 0;
/**
 * The job's number in the upper half, its next chunk in the lower: a thread that comes late to a job finds it
 * gone.
 */
export const NEXT = 1;
/**
 * As next chunk: the job is closed, and what describes it may be half of this job and half of the one to
 * come. No job has so many.
 */
export const CLOSED = 0xffff;
export const DONE = 2;
export const FAILED = 3;
export const KERNEL = 4;
export const ITEMS = 5;
export const CHUNK = 6;
export const COUNT = 7;
/** Byte offset of the kernel's arguments (f64), and of what lies behind them. */
export const ARGUMENTS = 64;
export const MAX_ARGUMENTS = 16;
export const CONTROL_BYTES = ARGUMENTS + 8 * MAX_ARGUMENTS;

/**
 * Works on chunks of the present job until none is left; nothing happens where it is over. Returns what a
 * kernel threw here.
 */
export function takeChunks(control, parameters, kernels) {
  const job = Atomics.load(control, NEXT) >>> 16;
  // Whoever then gets a chunk of this job read these while it was open: its caller waits for every chunk.
  const kernel = kernels[control[KERNEL]];
  const [items, size] = [control[ITEMS], control[CHUNK]];
  const chunks = Math.ceil(items / size);
  const parameterList = Array.from(parameters.subarray(0, control[COUNT]));
  let failure;
  for (;;) {
    const next = Atomics.load(control, NEXT);
    const chunk = next & 0xffff;
    if (next >>> 16 !== job || chunk === CLOSED || chunk >= chunks) return failure;
    if (Atomics.compareExchange(control, NEXT, next, next + 1) !== next) continue;
    try {
      kernel(chunk * size, Math.min(items, (chunk + 1) * size), ...parameterList);
    } catch (error) {
      failure = error;
      Atomics.store(control, FAILED, 1);
    }
    if (Atomics.add(control, DONE, 1) + 1 === chunks) Atomics.notify(control, DONE);
  }
}
