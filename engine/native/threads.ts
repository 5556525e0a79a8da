import { Worker, type WorkerOptions } from 'node:worker_threads';
import { endLoading, loadingWord } from './loading.mjs';

export { whileLoading } from './loading.mjs';

/** Loading takes 30 ms, on a busy machine many times that. A thread that hangs must not keep a process. */
const MOST_MS = 10_000;

/** The threads of this process that may be loading, with their words. */
const loading = new Map<Worker, Int32Array>();

/**
 * Starts a thread that loads native modules, each by `whileLoading` with its `workerData.loading`. The
 * process, however it ends but by a signal, ends after the thread has loaded them.
 */
export function startLoading(entry: URL, options: WorkerOptions & { workerData: object }): Worker {
  const word = loadingWord();
  const thread = new Worker(entry, { ...options, workerData: { ...options.workerData, loading: word } });
  if (loading.size === 0) process.on('exit', endAll);
  loading.set(thread, word);
  // A thread that is killed while it loads never says that it has ended.
  thread.once('exit', () => forget(thread));
  return thread;
}

/** Waits while any of these threads loads; to be called before they are ended by `terminate`. */
export function closeLoading(threads: readonly Worker[]): void {
  for (const thread of threads) {
    const word = loading.get(thread);
    if (word) endLoading(word, MOST_MS);
    forget(thread);
  }
}

function forget(thread: Worker): void {
  if (loading.delete(thread) && loading.size === 0) process.off('exit', endAll);
}

function endAll(): void {
  closeLoading([...loading.keys()]);
}
