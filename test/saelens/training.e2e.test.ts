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

/*
 * The same recipes from the same world and settings, trained here and in SAELens, judged by the same judge.
 * Minutes a seed: it runs where SAELENS_TRAIN says for how many seeds (npm run test:saelens -- --train).
 */
const seeds = Number(process.env.SAELENS_TRAIN ?? 0);
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

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe.skipIf(!isHere || seeds === 0)(`learning as in SAELens${why}`, () => {
  it.each(EXPERIMENTS)(
    '%s learns to the same F1',
    async (experiment) => {
      const { world } = await openWorld(profile.world);
      const folder = join(temporary, 'world');
      saveWorld(folder, world);
      const ours: number[] = [];
      const asked: { folder: string; words: string }[] = [];
      for (let seed = 0; seed < seeds; seed++) {
        const out = join(temporary, `${experiment}-${seed}`);
        // More steps than there are: a run that is stopped has no result.
        await trained({ experiment, seed, steps: samples, engines: ['embedded'], folder: out });
        ours.push(await verifiedF1(join(out, 'embedded'), evaluate));
        const result = readFileSync(join(out, 'embedded/out/result.json'), 'utf8');
        const { architecture, config: settings } = TrainResult.parse(JSON.parse(result));
        const there = { architecture, settings, samples, batch: BATCH, seed, folder: `${out}-there` };
        asked.push({ folder: there.folder, words: JSON.stringify({ ...there, evaluate }) });
      }
      type Theirs = Record<'f1_score' | 'mcc', number>;
      const said = ask<Record<string, Theirs>>('train.py', folder, ...asked.map(({ words }) => words));
      const theirs = asked.map(({ folder }) => {
        const { f1, mcc } = judged(folder);
        const own = said[folder];
        expect(Math.abs(f1 - own.f1_score), `F1 ${f1}, ${own.f1_score}`).toBeLessThan(SAME.f1);
        expect(Math.abs(mcc - own.mcc), `MCC ${mcc}, ${own.mcc}`).toBeLessThan(SAME.mcc);
        return f1;
      });
      const words = `${experiment}: F1 ${ours.map(three)} here, mean ${three(mean(ours))}; ${theirs.map(three)} in SAELens, mean ${three(mean(theirs))}; at most ${three(MOST_F1)} apart`;
      process.stdout.write(`${words}\n`);
      expect(Math.abs(mean(ours) - mean(theirs)), words).toBeLessThan(MOST_F1);
    },
    1_800_000,
  );
});

const three = (value: number): string => value.toFixed(3);
