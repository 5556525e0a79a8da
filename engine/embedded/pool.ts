import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import type { Worker } from 'node:worker_threads';
import { askForHugePages } from '../native/huge-pages.ts';
import type { Native } from '../native/open.ts';
import { closeLoading, startLoading } from '../native/threads.ts';
import { type Build, builds, wasmOf } from './build.ts';
import type { Kernel } from './chunks.mjs';
import * as words from './chunks.mjs';
import { MOST_BYTES, SharedHeap } from './heap.ts';

declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { exports: Record<string, Kernel> };
};

/** Approximate work of a chunk, in numbers: 65,536 take some 20 µs. */
const CHUNK_WORK = 1 << 16;
/**
 * A job of less work stays on the calling thread: on a busy machine, waiting for another thread costs more
 * than it saves.
 */
const MIN_WORK = 6 * CHUNK_WORK;
/**
 * A chunk takes microseconds to milliseconds: if no chunk is done for this time, the job has lost a thread.
 */
const STALLED_MS = 60_000;
const LOOKS = 4;
/** Polls for the end of a job before the caller sleeps: other threads' last chunks are short. */
const SPINS = 20_000;

export interface PoolOptions {
  /** The build of the kernels; by default the fastest that this machine supports. */
  build?: Build;
  /** The kernels in C that take the place of those of WebAssembly. */
  native?: Native | null;
  stalledMs?: number;
}

/**
 * Threads over one shared memory that run kernels: fork and join with Atomics, no messages. The caller takes
 * chunks too, and does not wait for a thread that holds none. A thread that is still starting, or has no
 * core, therefore costs nothing.
 */
export class Pool {
  readonly heap = new SharedHeap(words.CONTROL_BYTES);
  readonly build: Build;
  readonly native: Native | null;
  private readonly stalledMs: number;
  private readonly kernels: Kernel[];
  private readonly numberOf = new Map<string, number>();
  private readonly workers: Worker[] = [];
  private readonly control: Int32Array;
  private readonly parameters: Float64Array;

  constructor(
    readonly threads: number,
    { build: wanted, native = null, stalledMs = STALLED_MS }: PoolOptions = {},
  ) {
    const { build, module } = compile(wanted ? [wanted] : builds);
    this.build = build;
    this.native = native;
    this.stalledMs = stalledMs;
    const { memory } = this.heap;
    if (native) askForHugePages(new Uint8Array(memory.buffer), MOST_BYTES);
    const { exports } = new WebAssembly.Instance(module, { env: { memory, abort() {} } });
    const kernels = words.kernelsOf(exports, memory, native && ((declaration) => native.func(declaration)));
    this.kernels = [...kernels.values()];
    for (const [i, name] of [...kernels.keys()].entries()) this.numberOf.set(name, i);
    this.control = new Int32Array(memory.buffer, 0, words.ARGUMENTS / 4);
    this.parameters = new Float64Array(memory.buffer, words.ARGUMENTS, words.MAX_ARGUMENTS);
    // An empty job, for threads that look for one before the first job.
    this.control[words.CHUNK] = 1;
    for (let i = 1; i < threads; i++) {
      const worker = startLoading(new URL('./worker.mjs', import.meta.url), {
        workerData: { module, memory, native: native?.path },
        execArgv: [],
      });
      // The threads do not keep the process alive.
      worker.unref();
      this.workers.push(worker);
    }
  }

  /**
   * Runs a kernel over `items` items, each of about `work` numbers, and returns when all are done. The result
   * does not depend on the number of threads.
   */
  run(name: string, items: number, work: number, ...parameters: number[]): void {
    const index = this.numberOf.get(name);
    if (index === undefined) throw new Error(`there is no kernel "${name}"`);
    const size = Math.max(1, Math.ceil(CHUNK_WORK / work), Math.ceil(items / words.CLOSED));
    if (this.workers.length === 0 || items <= size || items * work < MIN_WORK) {
      if (items === 0) return;
      // Kernels in C read them there. No thread has a chunk that would.
      this.parameters.set(parameters);
      this.kernels[index](0, items, ...parameters);
      return;
    }
    const { control } = this;
    const chunks = Math.ceil(items / size);
    const last = control[words.JOBS];
    const job = (last + 1) & 0x7fff;
    // Closes the last job first: a late thread must not take further chunks of it according to the words of
    // the next.
    Atomics.store(control, words.NEXT, (last << 16) | words.CLOSED);
    this.parameters.set(parameters);
    control[words.KERNEL] = index;
    control[words.ITEMS] = items;
    control[words.CHUNK] = size;
    control[words.COUNT] = parameters.length;
    Atomics.store(control, words.DONE, 0);
    Atomics.store(control, words.FAILED, 0);
    Atomics.store(control, words.NEXT, job << 16);
    Atomics.store(control, words.JOBS, job);
    Atomics.notify(control, words.JOBS);
    const cause = words.takeChunks(control, this.parameters, this.kernels);
    for (let spins = SPINS; spins > 0 && Atomics.load(control, words.DONE) < chunks; spins--);
    this.awaitChunks(name, chunks);
    if (Atomics.load(control, words.FAILED) === 1) {
      const reason = cause instanceof Error ? `: ${cause.message}` : '';
      throw new Error(`the kernel "${name}" failed on one of ${this.threads} threads${reason}`, { cause });
    }
  }

  /**
   * Waits until all chunks are done. A thread that dies leaves its chunk undone, and a caller that waits gets
   * no event for it, so only a timeout can detect it.
   */
  private awaitChunks(name: string, chunks: number): void {
    const { control } = this;
    for (let before = -1, looks = 0; ; ) {
      const done = Atomics.load(control, words.DONE);
      if (done === chunks) return;
      looks = done === before ? looks + 1 : 0;
      // Several waits, since after a pause of the whole process the first one times out at once.
      if (looks === LOOKS) {
        throw new Error(
          `the kernel "${name}" has made no progress for ${this.stalledMs / 1000} s, at ${done} of ${chunks} chunks: a thread has ended or hangs; start the run again`,
        );
      }
      before = done;
      // Only the last chunk wakes the caller.
      Atomics.wait(control, words.DONE, done, this.stalledMs / LOOKS);
    }
  }

  /** Ends the threads; the pool must not be used again. */
  async close(): Promise<void> {
    closeLoading(this.workers);
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }
}

/** Whether this V8 has relaxed SIMD only behind a flag, as versions before 11.4 do. */
export function needsRelaxedSimdFlag(version: string): boolean {
  const [major, minor] = version.split('.').map(Number);
  return major < 11 || (major === 11 && minor < 4);
}

/** The kernels, compiled from the first of these builds that this machine supports. */
function compile(candidates: readonly Build[]): { build: Build; module: object } {
  // V8 11.3 (Node 20) has relaxed SIMD behind this flag; later versions have it without and do not know the
  // flag.
  if (needsRelaxedSimdFlag(process.versions.v8)) setFlagsFromString('--experimental-wasm-relaxed-simd');
  let refused: unknown;
  for (const build of candidates) {
    try {
      return { build, module: new WebAssembly.Module(readFileSync(wasmOf(build))) };
    } catch (error) {
      refused = error;
    }
  }
  throw refused;
}
