import fc from 'fast-check';
import { expect, it } from 'vitest';
import { orderByFrequency } from './firing-frequencies.ts';

it('orders latents by frequency, ties and latents that were not counted yet included', () => {
  const frequency = fc.oneof(fc.constantFrom(-1, 0, 0.25, 0.5), fc.double({ min: 0, max: 1, noNaN: true }));
  fc.assert(
    fc.property(fc.array(frequency, { maxLength: 60 }), (list) => {
      const want = [...list.keys()].sort((a, b) => list[b] - list[a] || a - b);
      expect([...orderByFrequency(Float64Array.from(list))]).toEqual(want);
    }),
  );
});

it('compares few pairs of latents that died at different steps', () => {
  // As a decay leaves them: far below the largest, where all of them share a bucket.
  const dead = Array.from({ length: 4096 }, (_, latent) => 0.99 ** (3000 + ((latent * 1667) % 4096)));
  let read = 0;
  const counted = new Proxy(Float64Array.of(0.02, ...dead), {
    get(target, key) {
      read++;
      const value = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const order = orderByFrequency(counted);
  const list = [0.02, ...dead];
  expect([...order]).toEqual([...list.keys()].sort((a, b) => list[b] - list[a] || a - b));
  expect(read).toBeLessThan(64 * list.length);
});
