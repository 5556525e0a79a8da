import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { UserError } from '#contract/errors';
import { readSafetensors } from '#contract/safetensors';
import { profileOf, readTask } from '#contract/task';
import type { Verdict } from '#contract/verdict';
import { splitCommand } from '#host/command';
import { openWorld } from '../worlds.ts';
import { type CaseOptions, measureCheckpoint } from './case.ts';
import { EVALUATION_BATCH, metricsOf } from './measure.ts';
import { refuseNaN } from './run-folder.ts';

/** A verdict on an SAE that no run of ours made: nothing is known of how it was trained. */
export type SavedVerdict = Omit<Verdict, 'run' | 'tree' | 'declared'> & { sae: string };

/** Whether a folder holds an SAE as SAELens saves it, and is no run. */
export function isSaved(path: string): boolean {
  return existsSync(join(path, 'cfg.json')) && !existsSync(join(path, 'run.json'));
}

/**
 * Measures an SAE that SAELens saved (cfg.json, sae_weights.safetensors) like a run of that profile, with the workspace's
 * encoder, which reads such folders. Nothing is written. @throws UserError for bad files, EncoderError
 */
export async function judgeSaved(
  path: string,
  options: CaseOptions & { profile: string; samples?: number },
): Promise<SavedVerdict> {
  const started = performance.now();
  const sae = resolve(path);
  const weights = join(sae, 'sae_weights.safetensors');
  if (!existsSync(weights)) {
    throw new UserError(`${sae}: no sae_weights.safetensors beside cfg.json; SAELens saves both`);
  }
  refuseNaN(readSafetensors(weights), weights);
  const task = readTask('TASK.md');
  const profile = profileOf(task, options.profile);
  const name = options.world ?? profile.world;
  const world = await openWorld(name, options.onBuild?.(name));
  const samples = options.samples ?? profile.evaluation.verdict;
  const logs = mkdtempSync(join(tmpdir(), 'judge-'));
  const measurement = await measureCheckpoint(
    world,
    {
      argv: splitCommand(task.contract.encode),
      cwd: resolve(options.treeDir ?? '.'),
      checkpoint: sae,
      log: join(logs, 'judge.log'),
    },
    samples,
    options,
  );
  // Where it fails, the message names the log.
  rmSync(logs, { recursive: true });
  const { deciding, also } = metricsOf(measurement);
  return {
    version: 1,
    sae: basename(sae),
    kind: 'verified',
    profile: options.profile,
    world: { name: world.name, hash: world.world.hash },
    metrics: deciding,
    also,
    observed: { width: measurement.matching.best.length },
    evaluation: { samples, batch: EVALUATION_BATCH, seed: options.evalSeed },
    seconds: (performance.now() - started) / 1000,
    at: new Date().toISOString(),
  };
}
