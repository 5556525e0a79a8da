/** Numbers of a row up to which the products of a batch end before a second thread has helped with them. */
const NARROW = 64;

/**
 * The variables that tell an encoder of rows of `d` numbers on how many threads to compute, beside those that
 * it gets anyway. Numbers do not depend on it.
 */
export const threadsFor = (d: number, { ENGINE_THREADS: chosen } = process.env): Record<string, string> =>
  d <= NARROW && chosen === undefined ? { ENGINE_THREADS: '1' } : {};
