import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { normaliseRows, type Orthogonalisation } from './dictionary.ts';

/** What a thread is started with: its rows of the dictionary, in slices. */
export interface SliceTask {
  d: number;
  /** Rows of the whole dictionary. */
  total: number;
  lr: number;
  slices: Float32Array[];
}

/** Fixed, so that sums are added in the same order and the same world comes out on any number of threads. */
const SLICES = 4;

type Answer = { grams: Float32Array[] } | { rows: Float32Array[] };

/**
 * `orthogonalise` for large dictionaries: the same steps in float32 with SIMD on several threads, in place.
 * Equal to the plain one to about 1e-6, and bit for bit the same on any number of threads.
 */
export async function orthogonaliseOnThreads(
  rows: Float32Array,
  d: number,
  { num_steps, lr }: Orthogonalisation,
  onStep: (step: number) => void = () => {},
  threads = availableParallelism(),
): Promise<void> {
  normaliseRows(rows, d);
  const total = rows.length / d;
  const perSlice = Math.ceil(total / SLICES);
  const slices = Array.from({ length: Math.ceil(total / perSlice) }, (_, i) =>
    rows.slice(i * perSlice * d, (i + 1) * perSlice * d),
  );
  if (num_steps === 0) return;
  const perThread = Math.ceil(slices.length / Math.max(1, Math.min(threads, slices.length)));
  const workers: Worker[] = [];
  try {
    for (let i = 0; i < slices.length; i += perThread) {
      const task: SliceTask = { d, total, lr, slices: slices.slice(i, i + perThread) };
      workers.push(
        new Worker(new URL('../thread.mjs', import.meta.url), {
          workerData: { module: new URL('./slice-thread.ts', import.meta.url).href, task },
          execArgv: [],
        }),
      );
    }
    for (let step = 1; step <= num_steps; step++) {
      const grams = (await answers(workers)).flatMap((answer) => ('grams' in answer ? answer.grams : []));
      const gram = new Float32Array(d * d);
      for (const own of grams) for (let i = 0; i < gram.length; i++) gram[i] += own[i];
      for (const worker of workers) worker.postMessage({ gram, last: step === num_steps });
      onStep(step);
    }
    let at = 0;
    for (const answer of await answers(workers)) {
      for (const slice of 'rows' in answer ? answer.rows : []) {
        rows.set(slice, at);
        at += slice.length;
      }
    }
  } finally {
    for (const worker of workers) void worker.terminate();
  }
  normaliseRows(rows, d);
}

/** The next message of each thread, in their order. */
function answers(workers: readonly Worker[]): Promise<Answer[]> {
  return Promise.all(
    workers.map(
      (worker) =>
        new Promise<Answer>((resolve, reject) => {
          const settle = (): void => {
            worker.off('message', answered);
            worker.off('error', failed);
          };
          const answered = (answer: Answer): void => {
            settle();
            resolve(answer);
          };
          const failed = (error: unknown): void => {
            settle();
            reject(error instanceof Error ? error : new Error(String(error)));
          };
          worker.on('message', answered);
          worker.on('error', failed);
        }),
    ),
  );
}
