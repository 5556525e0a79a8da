import type { SharedHeap } from './heap.ts';

type Numbers = Uint32Array | Float32Array | Uint8Array;

/**
 * Runs `use` with pointers of room for the numbers of `outs`, which takes them from there after it, and of
 * copies of `inputs`. Both are released after that.
 */
export function withCopies(
  heap: SharedHeap,
  outs: readonly Numbers[],
  inputs: readonly Numbers[],
  use: (...pointers: number[]) => void,
): void {
  const arrays = [...outs, ...inputs];
  const pointers: number[] = [];
  let bytes = 0;
  for (const { byteLength } of arrays) {
    pointers.push(bytes);
    // The next cache line.
    bytes += Math.ceil(byteLength / 64) * 64;
  }
  const block = heap.allocate(bytes);
  const views = arrays.map((array, i) => {
    pointers[i] += block;
    return viewLike(array, heap, pointers[i]);
  });
  for (let i = outs.length; i < arrays.length; i++) views[i].set(arrays[i]);
  try {
    use(...pointers);
    for (const [i, out] of outs.entries()) out.set(views[i]);
  } finally {
    heap.release(block);
  }
}

/** The numbers in the shared memory at this pointer, as many as the array's and of its type. */
function viewLike(array: Numbers, heap: SharedHeap, pointer: number): Numbers {
  if (array instanceof Uint8Array) return heap.bytes(pointer, array.length);
  if (array instanceof Float32Array) return heap.floats(pointer, array.length);
  return heap.words(pointer, array.length);
}
