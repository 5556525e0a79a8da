import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SharedHeap } from './heap.ts';

it('hands out blocks that do not overlap, and joins what comes back', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ bytes: fc.nat(300_000), drop: fc.nat(9) }), { maxLength: 60 }),
      (steps) => {
        const heap = new SharedHeap(100);
        const held: { pointer: number; count: number; mark: number }[] = [];
        for (const [mark, { bytes, drop }] of steps.entries()) {
          const count = Math.ceil(bytes / 4);
          const pointer = heap.allocate(4 * count);
          expect(pointer % 64).toBe(0);
          expect(pointer).toBeGreaterThanOrEqual(100);
          heap.words(pointer, count).fill(mark + 1);
          held.push({ pointer, count, mark: mark + 1 });
          if (drop < 5) heap.release(held.splice(drop % held.length, 1)[0].pointer);
        }
        for (const { pointer, count, mark } of held) {
          expect(heap.words(pointer, count).every((word) => word === mark)).toBe(true);
          heap.release(pointer);
        }
        expect(heap.used).toBe(0);
        // All memory is one free block again, so this allocation fits without growing.
        const size = heap.memory.buffer.byteLength;
        heap.allocate(size - 128);
        expect(heap.memory.buffer.byteLength).toBe(size);
      },
    ),
    { numRuns: 30 },
  );
});

it('knows views of its memory after it grew, and refuses to release what it did not hand out', () => {
  const heap = new SharedHeap(64);
  const before = heap.floats(heap.allocate(40), 10).fill(3);
  heap.allocate(64 << 20);
  expect(heap.holds(before)).toBe(true);
  expect(heap.holds(heap.floats(before.byteOffset, 10))).toBe(true);
  expect([...heap.floats(before.byteOffset, 2)]).toEqual([3, 3]);
  expect(heap.holds(new Float32Array(new SharedArrayBuffer(8)))).toBe(false);
  expect(() => heap.release(before.byteOffset + 64 * 1000)).toThrow(/no block begins at/);
});
