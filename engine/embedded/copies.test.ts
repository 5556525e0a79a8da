import { expect, it } from 'vitest';
import { withCopies } from './copies.ts';
import { SharedHeap } from './heap.ts';

const heap = new SharedHeap(64);

it('hands copies over, takes what stands in the room for results, and gives all of it back', () => {
  const [words, numbers] = [Uint32Array.of(1, 2, 3), Float32Array.of(0.5, Number.NaN)];
  const [bytes, empty] = [Uint8Array.of(7, 8, 9), new Float32Array(0)];
  const outs = [new Float32Array(2), new Uint32Array(1)];
  withCopies(heap, outs, [words, bytes, empty, numbers], (first, second, ...pointers) => {
    expect([first, second, ...pointers].map((pointer) => pointer % 64)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(heap.words(pointers[0], 3)).toEqual(words);
    expect(heap.bytes(pointers[1], 3)).toEqual(bytes);
    expect(heap.floats(pointers[3], 2)).toEqual(numbers);
    heap.floats(first, 2).set([1.5, -2]);
    heap.words(second, 1).set([4_000_000_000]);
  });
  expect(outs).toEqual([Float32Array.of(1.5, -2), Uint32Array.of(4_000_000_000)]);
  expect(heap.used).toBe(0);
});

it('gives the memory back where the kernel fails, and leaves the results as they are', () => {
  const out = Float32Array.of(3);
  const fail = () => {
    throw new Error('it failed');
  };
  expect(() => withCopies(heap, [out], [Uint32Array.of(1)], fail)).toThrow('it failed');
  expect(out).toEqual(Float32Array.of(3));
  expect(heap.used).toBe(0);
});
