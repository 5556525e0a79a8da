import { expect, it } from 'vitest';
import { buildWorld } from '../world/build.ts';
import { parseConfig } from '../world/config.ts';
import type { Evaluation } from './evaluation.ts';
import { opaqueIds } from './latents.ts';
import type { Matching } from './matching.ts';
import { FirstRows, worstLatents } from './worst.ts';

it('names the latents with the lowest F1 that fire, with what they are confused with', async () => {
  const world = await buildWorld(parseConfig({ num_features: 4, hidden_dim: 4, seed: 1 }, 'test'));
  const ids = opaqueIds(world);
  const matching = { best: Int32Array.of(0, 1, 2), cosines: new Float32Array(12).fill(0.5) };
  const f1 = Float64Array.of(0.9, 0, 0.2);
  const evaluation = {
    scores: () => ({ f1, precision: f1, recall: f1 }),
    ...{ fired: Float64Array.of(2, 0, 1), active: Float64Array.of(2, 1, 1, 1), samples: 2 },
  };
  const first = new FirstRows();
  // In the second row, the third latent fires on feature 3 and not on its own.
  first.add(
    {
      ...{ rows: 2, offsets: Uint32Array.of(0, 1, 3), features: Uint32Array.of(0, 0, 3) },
      values: Float32Array.of(1, 1, 1),
    },
    {
      ...{ rows: 2, offsets: Uint32Array.of(0, 1, 3), indices: Uint32Array.of(0, 0, 2) },
      values: Float32Array.of(1, 1, 1),
    },
  );
  const { columns, rows } = worstLatents(
    world,
    matching as unknown as Matching,
    evaluation as unknown as Evaluation,
    first,
  );
  const shown = rows.map((row) => Object.fromEntries(columns.map((name, at) => [name, row[at]])));
  expect(shown.map(({ latent, f1 }) => [latent, f1])).toEqual([
    ['2', 0.2],
    ['0', 0.9],
  ]);
  expect(shown[0]?.['confused with']).toMatch(new RegExp(`^${ids[3]} \\(\\w+\\), in 100 % of false alarms$`));
  expect(shown[1]?.['confused with']).toBe('–');
});
