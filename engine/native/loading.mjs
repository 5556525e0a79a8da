// A thread that loads a native module must not be ended meanwhile: koffi aborts the whole process then. Plain
// JavaScript, since `--import tsx` does not reach threads.

/** The bit of the word that says that the thread must not begin to load; the other says that it loads. */
const ENDING = 1 << 30;

/** The word that a thread shares with its owner: an Int32Array over shared memory. */
export const loadingWord = () => new Int32Array(new SharedArrayBuffer(4));

/**
 * What `load` returns, on the thread. Where it is to end already this does not return: the thread sleeps
 * until it is ended.
 */
export function whileLoading(word, load) {
  const before = Atomics.add(word, 0, 1);
  try {
    if ((before & ENDING) === 0) return load();
  } finally {
    Atomics.sub(word, 0, 1);
    Atomics.notify(word, 0);
  }
  const never = loadingWord();
  for (;;) Atomics.wait(never, 0, 0);
}

/**
 * For the owner, before the thread ends: it begins to load no more, and is waited for while it loads, at most
 * so long.
 */
export function endLoading(word, mostMs) {
  Atomics.or(word, 0, ENDING);
  const end = performance.now() + mostMs;
  for (let left = mostMs; left > 0; left = end - performance.now()) {
    const now = Atomics.load(word, 0);
    if (now === ENDING) return;
    Atomics.wait(word, 0, now, left);
  }
}
