import { existsSync, mkdtempSync, readdirSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { UserError } from '#contract/errors';
import { type Profile, profileOf, readTask } from '#contract/task';
import type { Verdict } from '#contract/verdict';
import { splitCommand } from '#host/command';
import { linkedFiles } from '#host/links';
import { readsOf } from '#host/reads';
import { type OpenedWorld, openWorld } from '../worlds.ts';
import { type Asked, type CaseOptions, measureCheckpoint } from './case.ts';
import { drawnFrom } from './drawn.ts';
import { EncoderError } from './encoder.ts';
import { EVALUATION_BATCH, type Measurement, metricsOf } from './measure.ts';

/** A verdict on an SAE that is no run of this project: nothing is known of its training. */
export type SavedVerdict = Omit<Verdict, 'run' | 'tree' | 'declared'> & { sae: string };

/**
 * The profile to measure a folder with: `asked`, the user's `--profile`, for an SAE that SAELens saved;
 * null for a run, which has its own profile.
 * @throws UserError where `asked` does not fit the folder
 */
export function profileOfSaved(path: string, asked: string | undefined): string | null {
  const saved = holds(path, 'cfg.json') && !existsSync(join(path, 'run.json'));
  if (saved && asked === undefined) {
    throw new UserError(
      `${path}: is an SAE that SAELens saved; give the profile to measure it in with --profile`,
    );
  }
  if (!saved && asked !== undefined) {
    throw new UserError(
      `${path}: has no cfg.json, so it is not an SAE that SAELens saved; --profile is only for these (a run is measured in its own profile)`,
    );
  }
  return asked ?? null;
}

/** Whether a folder lists a name. A broken link counts: the encoder reports it as one. */
const holds = (path: string, name: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() === true && readdirSync(path).includes(name);

/** An SAE that SAELens saved, opened for judging: its profile, its world, and a way to measure it. */
export interface SavedCase {
  name: string;
  profile: Profile;
  world: OpenedWorld;
  measure(samples: number, asked?: Asked): Promise<Measurement>;
}

/**
 * Opens an SAE that SAELens saved (cfg.json, sae_weights.safetensors) to measure it like a run of that
 * profile. The workspace's encoder reads the folder and reports what is wrong with it. Folders full of
 * links, as in a hub's cache, are read as well.
 * @throws UserError for bad files, EncoderError; bad contents are reported by `measure`
 */
export async function openSaved(
  path: string,
  options: CaseOptions & { profile: string },
): Promise<SavedCase> {
  const sae = realpathSync(path);
  if (!holds(sae, 'sae_weights.safetensors')) {
    throw new UserError(`${sae}: there is no sae_weights.safetensors beside cfg.json; SAELens saves both`);
  }
  const task = readTask('TASK.md');
  const profile = profileOf(task, options.profile);
  const name = options.world ?? profile.world;
  const world = await openWorld(name, options.onBuild?.(name));
  return {
    name: basename(resolve(path)),
    profile,
    world,
    async measure(samples, asked) {
      const logs = mkdtempSync(join(tmpdir(), 'judge-'));
      const cwd = resolve(options.treeDir ?? '.');
      const command = {
        argv: splitCommand(task.contract.encode),
        cwd,
        checkpoint: sae,
        readable: [...readsOf(task, process.cwd(), cwd), ...linkedFiles(sae)],
        mayNormalise: true,
        log: join(logs, 'judge.log'),
      };
      try {
        const measurement = await measureCheckpoint(world, command, samples, options, asked);
        rmSync(logs, { recursive: true });
        return measurement;
      } catch (error) {
        // Only a bad input is reported in the encoder's own words; other messages name the log, which is
        // kept.
        if (!(error instanceof EncoderError) || error.exitCode !== 2 || !error.said) throw error;
        rmSync(logs, { recursive: true });
        throw new UserError(error.said);
      }
    },
  };
}

/** Judges an SAE that SAELens saved. Nothing is written. @throws UserError for bad files, EncoderError */
export async function judgeSaved(
  path: string,
  options: CaseOptions & { profile: string; samples?: number },
): Promise<SavedVerdict> {
  const started = performance.now();
  const opened = await openSaved(path, options);
  const samples = options.samples ?? opened.profile.evaluation.verdict;
  const measurement = await opened.measure(samples, { invariance: true });
  const { deciding, also } = metricsOf(measurement);
  return {
    version: 1,
    sae: opened.name,
    kind: 'verified',
    profile: options.profile,
    world: { name: opened.world.name, hash: opened.world.world.hash, kind: 'public' },
    metrics: deciding,
    also,
    observed: { width: measurement.matching.best.length },
    evaluation: { samples, batch: EVALUATION_BATCH, ...drawnFrom(options.seed) },
    seconds: (performance.now() - started) / 1000,
    at: new Date().toISOString(),
  };
}
