import { expect, it } from 'vitest';
import { BufferPool } from './buffers.ts';

/** Memory of so many bytes that hands out numbers. */
function memory(bytes: number) {
  const sizes = new Map<number, number>();
  let left = bytes;
  const allocator = {
    create(size: number) {
      if (size > left) return null;
      left -= size;
      sizes.set(sizes.size + 1, size);
      return sizes.size;
    },
    free(handle: number) {
      left += sizes.get(handle) as number;
    },
  };
  return { pool: new BufferPool(allocator), made: sizes };
}

it('uses a buffer again for nearly the same size, and never for a larger one', () => {
  const { pool, made } = memory(1e6);
  const first = pool.acquire(5000);
  if (!first) throw new Error('no memory');
  expect(first.bytes).toBe(5120);
  expect(first.argument[0]).toBe(BigInt(first.handle));
  pool.release(first);
  expect(pool.bytes).toEqual({ used: 0, taken: 5120 });
  expect(pool.acquire(4200)).toBe(first);
  expect(pool.acquire(5121)?.handle).not.toBe(first.handle);
  expect(made.size).toBe(2);
});

it('gives back what nobody uses before it says that there is no memory', () => {
  const { pool } = memory(4096);
  const [a, b] = [pool.acquire(1024), pool.acquire(2048)];
  if (!a || !b) throw new Error('no memory');
  expect(pool.acquire(4096)).toBeNull();
  pool.release(a);
  pool.release(b);
  expect(pool.acquire(4096)?.bytes).toBe(4096);
  expect(pool.bytes).toEqual({ used: 4096, taken: 4096 });
});
