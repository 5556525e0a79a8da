import { endLoading, loadingWord } from './loading.mjs';

export { whileLoading } from './loading.mjs';

/** Loading takes 30 ms, on a busy machine many times that. A thread that hangs must not keep a process. */
const MOST_MS = 10_000;

/** Of the threads that may be loading in this process. */
const words = new Set<Int32Array>();

/**
 * The word for new threads that load a native module (loading.mjs): the process, however it ends but by a
 * signal, ends after they have loaded it.
 */
export function openLoading(): Int32Array {
  if (words.size === 0) process.on('exit', endAll);
  const word = loadingWord();
  words.add(word);
  return word;
}

/** To be called before the threads are ended by `terminate`. */
export function closeLoading(word: Int32Array): void {
  endLoading(word, MOST_MS);
  words.delete(word);
  if (words.size === 0) process.off('exit', endAll);
}

function endAll(): void {
  for (const word of words) endLoading(word, MOST_MS);
}
