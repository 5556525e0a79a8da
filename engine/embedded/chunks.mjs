// How the threads of the pool share a job: the control words at the start of the shared memory, and the loop
// that takes chunks. Read by worker.mjs and pool.ts.

/**
 * Indices of the words of the control block: number of the current job (sleeping threads wait on it), next
 * chunk, chunks done, failure flag; then the job: kernel, items, items per chunk, number of arguments.
 */
export const JOBS = 0;
/**
 * The job's number in the upper 16 bits, its next chunk in the lower 16: a thread that comes late to a job
 * sees that the job is over.
 */
export const NEXT = 1;
/**
 * As the next chunk, this value marks a closed job: the words that describe it may belong partly to this job
 * and partly to the next. No job has so many chunks.
 */
export const CLOSED = 0xffff;
export const DONE = 2;
export const FAILED = 3;
export const KERNEL = 4;
export const ITEMS = 5;
export const CHUNK = 6;
export const COUNT = 7;
/**
 * Byte offset of the kernel's arguments (f64), their maximum number, and the bytes of the whole control
 * block.
 */
export const ARGUMENTS = 64;
export const MAX_ARGUMENTS = 16;
export const CONTROL_BYTES = ARGUMENTS + 8 * MAX_ARGUMENTS;

/** What is called of the library in C (native/kernels.c). */
const NAME = 'const char *kernel_name(int)';
const RUN = 'void run_kernel(uint8_t *, int, int, int)';

/**
 * The kernels of a thread by name, in the same order on all: those of WebAssembly, in whose place stand those
 * that the library in C has. `func` finds its functions by their declaration; null where there is none. Its
 * kernels read their arguments from the memory.
 */
export function kernelsOf(exports, memory, func) {
  const kernels = new Map(Object.entries(exports).filter(([, value]) => typeof value === 'function'));
  if (!func) return kernels;
  const [nameOf, run] = [func(NAME), func(RUN)];
  // A shared memory stays where it is when it grows.
  const bytes = new Uint8Array(memory.buffer);
  for (let i = 0; ; i++) {
    const name = nameOf(i);
    if (name === null) return kernels;
    kernels.set(name, (from, to) => run(bytes, i, from, to));
  }
}

/**
 * Works on chunks of the current job until none is left; does nothing if the job is over. Returns the error
 * that a kernel threw on this thread, if any.
 */
export function takeChunks(control, parameters, kernels) {
  const job = Atomics.load(control, NEXT) >>> 16;
  // A thread that gets a chunk below has read these words while the job was open: the caller changes them
  // only after every chunk is done.
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
