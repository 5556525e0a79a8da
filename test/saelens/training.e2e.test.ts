import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { saveWorld } from '#bench/world/store';
import { openWorld } from '#bench/worlds';
import { noiseOf } from '#contract/noise';
import { TrainResult } from '#contract/run';
import { profileOf, readTask } from '#contract/task';
import { trained, verifiedF1 } from '../engines/run.ts';
import { PROFILE } from '../engines/scene.ts';
import { root } from '../import-graph.ts';
import { ask, isHere, why } from './ask.ts';
import { kept } from './kept.ts';

/*
 * The same recipes from the same world and settings, trained here and in SAELens, judged by the same judge.
 * Minutes a seed: it runs where SAELENS_TRAIN says for how many seeds (npm run test:saelens -- --train).
 */
const seeds = Number(process.env.SAELENS_TRAIN ?? 0);
/** Where each run's numbers are kept, so that a call that was cut off goes on (--keep). */
const KEEP = process.env.SAELENS_KEEP;
const EXPERIMENTS = ['baseline_batchtopk', 'matryoshka', 'default'];
const BATCH = 1024;
const task = readTask(join(root, 'TASK.md'));
const profile = profileOf(task, PROFILE);
const samples = profile.budgets.full;
const evaluate = profile.evaluation.verdict;
/**
 * Largest difference of the mean F1s: three of its standard errors. One is the noise of a full run (of one
 * difference of two runs) over the root of the number of seeds. Of three such comparisons one in 120 fails
 * by chance.
 */
const MOST_F1 = (3 * noiseOf(task, PROFILE).full) / Math.sqrt(seeds);
/** Two measurements of one SAE on as many fresh samples each differ by less. The MCC needs no samples. */
const SAME = { f1: 0.004, mcc: 1e-5 };

const temporary = mkdtempSync(join(tmpdir(), 'sae-lens-training-'));
afterAll(() => rmSync(temporary, { recursive: true }));

type Metrics = Record<'f1' | 'mcc', number>;

/** What our judge says of an SAE that SAELens saved, on the samples that ours are judged on. */
function judged(folder: string): Metrics {
  const options = ['--profile', PROFILE, '--samples', String(evaluate), '--eval-seed', '99'];
  const words = ['bench/cli/judge.ts', folder, ...options, '--json', '--sandbox', 'off'];
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', ...words], {
    cwd: root,
    encoding: 'utf8',
  });
  expect(status, stderr).toBe(0);
  return (JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { metrics: Metrics }).metrics;
}

/** Trains here: the settings of the run, and the F1 of our judge. */
async function here(experiment: string, seed: number) {
  const folder = join(temporary, `${experiment}-${seed}`);
  // More steps than there are: a run that is stopped has no result.
  await trained({ experiment, seed, steps: samples, engines: ['embedded'], folder });
  const f1 = await verifiedF1(join(folder, 'embedded'), evaluate);
  const result = readFileSync(join(folder, 'embedded/out/result.json'), 'utf8');
  const { architecture, config: settings } = TrainResult.parse(JSON.parse(result));
  return { architecture, settings, f1 };
}

/** Trains in SAELens with these settings: what our judge says of it, and what its own evaluation. */
function there(world: string, recipe: object, seed: number) {
  const folder = mkdtempSync(join(temporary, 'there-'));
  const words = JSON.stringify({ ...recipe, samples, batch: BATCH, seed, folder, evaluate });
  const said = ask<Record<string, Record<'f1_score' | 'mcc', number>>>('train.py', world, words)[folder];
  return { ...judged(folder), said };
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe.skipIf(!isHere || seeds === 0)(`learning as in SAELens${why}`, () => {
  it.each(EXPERIMENTS)(
    '%s learns to the same F1',
    async (experiment) => {
      const { world } = await openWorld(profile.world);
      const folder = join(temporary, 'world');
      saveWorld(folder, world);
      const ours: number[] = [];
      const theirs: number[] = [];
      for (let seed = 0; seed < seeds; seed++) {
        const name = `${experiment}-${samples}-${seed}`;
        const { f1: own, ...recipe } = await kept(KEEP, `${name}-here`, () => here(experiment, seed));
        ours.push(own);
        const { said, ...found } = await kept(KEEP, `${name}-there`, () => there(folder, recipe, seed));
        const { f1, mcc } = found;
        expect(Math.abs(f1 - said.f1_score), `F1 ${f1}, ${said.f1_score}`).toBeLessThan(SAME.f1);
        expect(Math.abs(mcc - said.mcc), `MCC ${mcc}, ${said.mcc}`).toBeLessThan(SAME.mcc);
        theirs.push(f1);
      }
      const words = `${experiment}: F1 ${ours.map(three)} here, mean ${three(mean(ours))}; ${theirs.map(three)} in SAELens, mean ${three(mean(theirs))}; at most ${three(MOST_F1)} apart`;
      process.stdout.write(`${words}\n`);
      expect(Math.abs(mean(ours) - mean(theirs)), words).toBeLessThan(MOST_F1);
    },
    1_800_000,
  );
});

const three = (value: number): string => value.toFixed(3);
