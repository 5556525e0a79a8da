import type { Profile } from '#contract/task';
import type { Verdict } from '#contract/verdict';
import { type OpenedWorld, openWorld } from '../worlds.ts';
import { type Asked, measureCheckpoint } from './case.ts';
import { drawnFrom } from './drawn.ts';
import { EVALUATION_BATCH, type Measurement, metricsOf } from './measure.ts';
import { type CaseOptions, openSavedSae } from './subject.ts';

/** A verdict on an SAE that is no run of this project: nothing is known of its training. */
export type SavedVerdict = Omit<Verdict, 'run' | 'tree' | 'declared'> & { sae: string };

/** An SAE that SAELens saved, opened for judging: its profile, its world, and a way to measure it. */
export interface SavedCase {
  name: string;
  profile: Profile;
  world: OpenedWorld;
  measure(samples: number, asked?: Asked): Promise<Measurement>;
}

/** Opens an SAE that SAELens saved (openSavedSae). @throws UserError, EncoderError */
export async function openSaved(
  path: string,
  options: CaseOptions & { profile: string },
): Promise<SavedCase> {
  const { name, profile, world: named, encoded } = openSavedSae(path, options);
  const world = await openWorld(named, options.onBuild?.(named));
  return {
    name,
    profile,
    world,
    measure: (samples, asked) =>
      encoded('', 0, (encoding) => measureCheckpoint(world, encoding, samples, options, asked)),
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
