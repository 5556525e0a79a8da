import { beforeAll, expect, it } from 'vitest';
import { openBackend } from '#engine/backend';
import { uniform } from '#engine/random';
import type { Csr } from '#engine/sparse';
import { createCheckpointEncoder, forms } from '../encoding.ts';
import { architectureNames, loadAddons, loadArchitecture } from '../load.ts';

const [ROWS, D_IN, D_SAE] = [64, 8, 32];
/** In the units of x; the norms of the decoder rows do not matter. */
const TAU = 0.3;
const addons = await loadAddons();
const names = ['standard', 'batchtopk', 'gated', 'abstopk', 'lista-matryoshka'].filter((name) =>
  architectureNames().includes(name),
);

beforeAll(async () => {
  await openBackend('wasm');
});

/** A fresh SAE as a checkpoint, with the add-on or without. */
async function encoderOf(name: string, settings: Record<string, unknown>) {
  const architecture = await loadArchitecture(name);
  // Of twelve latents of either sign some explain nothing that the others do not.
  const fields = { k: name === 'abstopk' ? 12 : 4, d_in: D_IN, d_sae: D_SAE, decoder_init_norm: 0.5 };
  const own = Object.entries(fields).filter(([field]) => field in architecture.config.shape);
  const sae = architecture.config.parse(Object.fromEntries(own));
  const buffers = architecture.buffers?.(sae) ?? {};
  const config = {
    ...{ version: 1 as const, architecture: name, sae, experiment: 'x', samples: 0, scale: 1 },
    ...{ addons: settings, buffers: {} },
  };
  const weights = architecture.init(sae, uniform(1));
  return createCheckpointEncoder({ config, weights, buffers }, architecture, addons);
}

const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, v, i) => sum + v * b[i], 0);

/** The latents that fire in a row: activations of 0 may stay in the pattern. */
function firing({ offsets, indices, values }: Csr, row: number): number[] {
  const entries = Array.from({ length: offsets[row + 1] - offsets[row] }, (_, i) => offsets[row] + i);
  return entries.filter((at) => values[at] !== 0).map((at) => indices[at]);
}

// A workspace may start without it (--start baseline).
it.skipIf(!addons.has('leave_one_out')).each(names)(
  'removes latents of %s that explain nothing that the others do not',
  async (name) => {
    const random = uniform(2);
    const x = Float32Array.from({ length: ROWS * D_IN }, () => 6 * random() - 3);
    const plain = await encoderOf(name, {});
    const before = plain.codes(x, ROWS);
    const after = (await encoderOf(name, { leave_one_out: { tau: TAU } })).codes(x, ROWS);
    const direction = (i: number) => plain.decoder.subarray(i * D_IN, (i + 1) * D_IN);
    let removed = 0;
    for (const [form, codes] of before.entries()) {
      for (let row = 0; row < ROWS; row++) {
        const value = new Map<number, number>();
        for (let at = codes.offsets[row]; at < codes.offsets[row + 1]; at++) {
          value.set(codes.indices[at], codes.values[at]);
        }
        const residual = x.slice(row * D_IN, (row + 1) * D_IN).map((v, j) => v - plain.bias[j]);
        for (const [i, z] of value) {
          for (const [j, d] of direction(i).entries()) residual[j] -= z * d;
        }
        const active = firing(codes, row);
        // For a negative code the sign of the score turns.
        const kept = active.filter((i) => {
          const z = value.get(i) as number;
          return Math.sign(z) * (dot(residual, direction(i)) + z) > TAU;
        });
        expect(firing(after[form], row), `${forms[form]}, row ${row}`).toEqual(kept);
        removed += active.length - kept.length;
      }
    }
    expect(removed).toBeGreaterThan(0);
  },
);
