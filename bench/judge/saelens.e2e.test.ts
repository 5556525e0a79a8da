import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { noSandbox } from '#host/sandbox';
import { openWorld } from '../worlds.ts';
import { Encoder } from './encoder.ts';
import { EVALUATION_BATCH, measure, metricsOf } from './measure.ts';
import { EVALUATION_SEED, SAMPLES, WORLD } from './testing/saelens/evaluation.ts';

/*
 * SAEs that SAELens trained and saved (testing/saelens/make.py), judged from the folder to the metrics. The
 * metrics must equal those of SAELens' own evaluation on the same samples.
 */
const fixtures = join(import.meta.dirname, 'testing/saelens');
const { saes } = JSON.parse(readFileSync(join(fixtures, 'expected.json'), 'utf8')) as {
  saes: Record<string, { metrics: Record<string, number> }>;
};
const repository = join(import.meta.dirname, '../..');
const root = mkdtempSync(join(tmpdir(), 'saelens-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** SAELens' names of metrics that the judge names differently. */
const theirs: Record<string, string> = { f1: 'f1_score', l0: 'sae_l0' };

describe('an SAE of SAELens, judged', () => {
  it.each(Object.keys(saes))('gets the metrics that it gives itself: %s', async (name) => {
    const { world } = await openWorld(WORLD);
    const encoder = await Encoder.start(
      {
        argv: ['node', '--import', 'tsx', 'sae/cli/encode.ts'],
        ...{ cwd: repository, checkpoint: join(fixtures, name), log: join(root, `${name}.log`) },
        ...{ sandbox: noSandbox('test'), stallSeconds: 60, mayNormalise: true },
      },
      world.hiddenDim,
      EVALUATION_BATCH,
    );
    const { deciding } = metricsOf(
      await measure(world, encoder, { samples: SAMPLES, seed: EVALUATION_SEED }).finally(() =>
        encoder.stop(),
      ),
    );
    const { metrics } = saes[name];
    const found = Object.entries(deciding).map(([key, value]) => [key, value, metrics[theirs[key] ?? key]]);
    expect(found).toHaveLength(11);
    for (const [key, ours, expected] of found as [string, number, number][]) {
      expect(Math.abs(ours - expected), `${key}: ${ours} here, ${expected} there`).toBeLessThan(1e-5);
    }
  });
});
