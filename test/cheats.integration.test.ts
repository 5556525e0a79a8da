import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { measureCheckpoint } from '#bench/judge/case';
import { EncoderError } from '#bench/judge/encoder';
import { metricsOf } from '#bench/judge/measure';
import { Random } from '#bench/random';
import { buildWorld } from '#bench/world/build';
import { parseConfig } from '#bench/world/config';
import { measuredProfile } from '#contract/noise';
import { writeSafetensors } from '#contract/safetensors';
import { readTask } from '#contract/task';
import type { Verdict } from '#contract/verdict';
import { exampleVerdict } from '../agent/fixtures/examples.ts';
import { decide, rulesOf } from '../agent/ledger/decide.ts';
import { root } from './import-graph.ts';

/*
 * Cheats against the judge, each an encoder and a decoder that are measured as a candidate's are, and decided
 * by the rules of TASK.md. None may become the best, and the reason has to name the check that stopped it.
 */
const folder = mkdtempSync(join(tmpdir(), 'cheats-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
// The encoder is a file of this checkout, which a sandbox of another folder may hide.
process.env.LOOP_SANDBOX = 'off (test)';

/** Hardly any superposition: what a latent detects depends on its encoder alone. */
const [D, LATENTS] = [48, 16];
const world = await buildWorld(
  parseConfig(
    {
      ...{ num_features: 24, hidden_dim: D, mean_firing_magnitudes: 5, std_firing_magnitudes: 0.5, seed: 3 },
      firing_probability: { exponent: 0.5, max_prob: 0.4, min_prob: 0.05, generator_name: 'zipfian' },
      orthogonalization: { num_steps: 300, lr: 0.003 },
    },
    'test',
  ),
);
const feature = (i: number) => world.featureVectors.subarray(i * D, (i + 1) * D);
const random = new Random(1, 'cheats', 0);
const tilts = Array.from({ length: LATENTS }, () => Float32Array.from({ length: D }, () => random.normal()));
const mixed = (...parts: [number, ArrayLike<number>][]) => {
  const row = Array.from({ length: D }, (_, k) => parts.reduce((sum, [share, of]) => sum + share * of[k], 0));
  const norm = Math.hypot(...row);
  return row.map((value) => value / norm);
};
/** The direction of a feature as training finds it: not quite. */
const learnt = (i: number) => mixed([1, feature(i)], [0.08, tilts[i]]);
const rows = (of: (i: number) => number[]) => Array.from({ length: LATENTS }, (_, i) => of(i));

/** Measures an encoder with these decoder rows as the judge does for a verdict. */
async function verdictOn(lie: string, decoder: number[][]): Promise<Verdict> {
  const checkpoint = join(folder, 'checkpoint.safetensors');
  const tensors = new Map([
    ['W_dec', { shape: [LATENTS, D], data: Float32Array.from(decoder.flat()) }],
    ['b_dec', { shape: [D], data: world.bias }],
  ]);
  writeSafetensors(checkpoint, { tensors, metadata: {} });
  const argv = ['node', join(root, 'bench/judge/testing/encoder.mjs'), '--lie', lie];
  const command = { argv, cwd: folder, checkpoint, log: join(folder, 'judge.log') };
  const how = { seed: 5, stallSeconds: 120 };
  const measured = await measureCheckpoint({ name: 'test', world }, command, 8192, how, { invariance: true });
  return exampleVerdict({ metrics: metricsOf(measured).deciding });
}

const task = readTask(join(root, 'TASK.md'));
const profile = measuredProfile(task, 'small');
/** The rules of `small`, without the sizes that only its own runs have. */
const rules = (bests: Verdict[]) => ({ ...rulesOf(task, profile, bests), constraints: {} });
/** The incumbent: half of its latents miss most of what their features do. */
const incumbent = await verdictOn('weak', rows(learnt));

describe('against an honest incumbent', () => {
  it('an honest gain becomes the best', async () => {
    expect(incumbent.metrics.mcc).toBeGreaterThan(0.8);
    expect(incumbent.metrics.mcc).toBeLessThan(0.98);
    expect(decide(incumbent, rules([])).outcome).toBe('new-best');
    expect(decide(await verdictOn('none', rows(learnt)), rules([incumbent])).outcome).toBe('new-best');
  });

  const near = (i: number) => mixed([0.75, learnt(0)], [0.66, learnt(i)]);
  it.each([
    [
      'weak latents that fire by 1e-20 with an easy one and get part of its row',
      ...['whisper', rows((i) => (i < LATENTS / 2 ? learnt(i) : near(i)))],
      /other numbers too: f1_one_to_one .*: worse$/,
    ],
    [
      'one such latent, within the guards',
      ...['whisper', rows((i) => (i < LATENTS - 1 ? learnt(i) : near(i)))],
      /other numbers too: f1_one_to_one .*: worse$/,
    ],
    [
      'weak latents that fire by 1e-20 where their codes would do harm',
      ...['whisper', rows(learnt)],
      /other numbers too: f1_one_to_one .*: within the noise/,
    ],
    [
      'plain copies of an easy latent',
      ...['none', rows((i) => learnt(i < LATENTS / 2 ? i : 0))],
      /other numbers too: f1_one_to_one .*: worse$/,
    ],
    ['the true dictionary', ...['none', rows((i) => [...feature(i)])], /too good to be true: mcc 1 /],
  ] as [string, string, number[][], RegExp][])('does not keep %s', async (_, lie, decoder, reason) => {
    const verdict = await verdictOn(lie, decoder);
    // By the published F1 alone it is a gain.
    expect(verdict.metrics.f1).toBeGreaterThan(incumbent.metrics.f1 + profile.noise.full);
    const decision = decide(verdict, rules([incumbent]));
    expect(decision.outcome).not.toBe('new-best');
    expect(decision.reason).toMatch(reason);
  });

  it('does not keep the true dictionary or copies where there is no best yet', async () => {
    const truth = await verdictOn(
      'none',
      rows((i) => [...feature(i)]),
    );
    expect(decide(truth, rules([])).outcome).toBe('held');
    const copies = await verdictOn(
      'none',
      rows(() => learnt(0)),
    );
    expect(copies.metrics.f1).toBeGreaterThan(incumbent.metrics.f1);
    expect(decide(copies, rules([]))).toMatchObject({
      outcome: 'degenerate',
      reason: expect.stringMatching(/uniqueness: .*; mcc: .* where >=0\.68 is asked/),
    });
  });

  it.each([
    ['memory across batches', 'memory', 'it remembers earlier batches'],
    ['memory that repeats what it has answered', 'cached', 'it remembers earlier batches'],
    ['the order of rows', 'row-order', 'it depends on the order of rows'],
  ])('gives no verdict on an encoder that uses %s', async (_, lie, why) => {
    const error = await verdictOn(lie, rows(learnt)).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(EncoderError);
    // With exit code 2 the loop calls the run invalid, and the reason is this message.
    expect(error).toMatchObject({ exitCode: 2, message: expect.stringContaining(why) });
  });
});
