export function loadingWord(): Int32Array;
export function whileLoading<T>(word: Int32Array, load: () => T): T;
export function endLoading(word: Int32Array, mostMs: number): void;
