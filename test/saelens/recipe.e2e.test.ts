import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../import-graph.ts';
import { ask, isHere, why } from './ask.ts';

/** Quantities of a pass at least: activations, losses, gradients. */
const QUANTITIES = 10;

describe.skipIf(!isHere)(`speed/peer/lista.py${why}`, () => {
  it('has the numbers of the published class to 1e-5', () => {
    const off = ask<Record<string, Record<string, number>>>(
      'golden.py',
      join(root, 'test/golden/sae_lista_matryoshka.json'),
    );
    expect(Object.keys(off)).toHaveLength(16);
    for (const [name, quantities] of Object.entries(off)) {
      expect(Object.keys(quantities).length, name).toBeGreaterThanOrEqual(QUANTITIES);
      const wrong = Object.entries(quantities).filter(([, worst]) => !(worst <= 1));
      expect(wrong, name).toEqual([]);
    }
  });
});
