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
