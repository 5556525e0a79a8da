import { expect } from 'vitest';
import { noSandbox } from '#host/sandbox';
import { openWorld } from '../../../worlds.ts';
import { Encoder } from '../../encoder.ts';
import { EVALUATION_BATCH } from '../../fresh-rows.ts';
import { measure, metricsOf } from '../../measure.ts';
import { EVALUATION_SEED, SAMPLES, WORLD } from './evaluation.ts';

/** SAELens' names of metrics that the judge names differently. */
const theirs: Record<string, string> = { f1: 'f1_score', l0: 'sae_l0' };

/**
 * Judges an SAE that SAELens saved, from the folder to the metrics, and expects those of SAELens' own
 * evaluation on the same samples. `log` is where its encoder writes.
 */
export async function expectTheirMetrics(
  checkpoint: string,
  metrics: Record<string, number>,
  { cwd, log }: { cwd: string; log: string },
): Promise<void> {
  const { world } = await openWorld(WORLD);
  const encoder = await Encoder.start(
    {
      argv: ['node', '--import', 'tsx', 'sae/cli/encode.ts'],
      ...{ cwd, checkpoint, log, sandbox: noSandbox('test'), stallSeconds: 60, mayNormalise: true },
    },
    world.hiddenDim,
    EVALUATION_BATCH,
  );
  const { deciding } = metricsOf(
    await measure(world, encoder, { samples: SAMPLES, seed: EVALUATION_SEED }).finally(() => encoder.stop()),
  );
  // SAELens has no F1 of a one-to-one matching.
  const { f1_one_to_one: _, ...known } = deciding;
  const found = Object.entries(known).map(([key, value]) => [key, value, metrics[theirs[key] ?? key]]);
  expect(found).toHaveLength(11);
  for (const [key, ours, expected] of found as [string, number, number][]) {
    expect(Math.abs(ours - expected), `${key}: ${ours} here, ${expected} there`).toBeLessThan(1e-5);
  }
}
