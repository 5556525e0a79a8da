import { OWN_FAULT, UserError } from '#contract/errors';
import type { Profile } from '#contract/profile';
import { type NamedWorld, type OpenedWorld, openWorld } from '../worlds.ts';
import { withEncoder } from './encoders.ts';
import {
  type AnswerListener,
  type BatchListener,
  type Measurement,
  measure,
  measureTogether,
} from './measure.ts';
import { ours } from './own-fault.ts';
import type { RunFolder } from './run-folder.ts';
import type { CaseOptions, Encoding, Subject } from './subject.ts';

/** What is to be judged, with its world, and a way to measure one of its checkpoints. */
export interface Case {
  name: string;
  /** Null for an SAE that SAELens saved. */
  folder: RunFolder | null;
  profile: Profile;
  world: OpenedWorld;
  /**
   * Measures `name`, a file below the run's `out/`.
   * @throws UserError for a bad file, EncoderError for a bad encoder
   */
  measure(name: string, samples: number, asked?: Asked): Promise<Measurement>;
  /** Measures several of them by one process of the encoder, on the same rows. @throws as `measure` */
  measureTogether(names: readonly string[], samples: number): Promise<Measurement[]>;
}

/** What else is done in a measurement. */
export interface Asked {
  onBatch?: BatchListener;
  onAnswer?: AnswerListener;
  /** Whether a second process of the encoder has to give the same codes (invariance.ts). */
  invariance?: boolean;
  /** Set: its form in Python is remarked on, and tried where this is so (python/of-run.ts). */
  remarks?: (measured: Measurement) => boolean;
}

/** Opens the world of a run, or of a saved SAE, to judge it there. @throws UserError */
export async function openCase(subject: Subject, options: CaseOptions): Promise<Case> {
  const { name, folder, profile, world: named } = subject;
  const open = () => openWorld(named, options.onBuild?.(named));
  const secret = folder?.run.secretWorld;
  // The encoder has not been started yet.
  const world = secret === undefined ? await open() : await ours(open);
  if (secret !== undefined && secret !== world.world.hash)
    throw new UserError(`${named}: is not the secret world that ${folder?.dir} was trained on`, OWN_FAULT);
  return {
    ...{ name, folder, profile, world },
    measure: (file, samples, asked) =>
      subject.encoded([file], (encoding) => measureCheckpoint(world, encoding, samples, options, asked)),
    measureTogether: (files, samples) =>
      subject.encoded(files, (encoding) => measureCheckpoints(world, encoding, samples, options)),
  };
}

/**
 * Measures a checkpoint on fresh samples of the world.
 * @throws EncoderError, and UserError where the encoder may not run because there is no sandbox
 */
export async function measureCheckpoint(
  { world }: NamedWorld,
  encoding: Encoding,
  samples: number,
  options: CaseOptions,
  { onBatch, onAnswer, invariance = false, remarks }: Asked = {},
): Promise<Measurement> {
  const asked = { d: world.hiddenDim, samples, invariance, remarks };
  const how = await withEncoder(encoding, asked, options, (encoder, answered) =>
    measure(world, encoder, { samples, seed: options.seed }, onBatch, (index, x, codes, truth) => {
      answered(index, x, codes);
      onAnswer?.(index, x, codes, truth);
    }),
  );
  const { measured, ...found } = how;
  return { ...measured, ...found };
}

/** Measures all checkpoints of an encoder on the same fresh samples. @throws as `measureCheckpoint` */
export async function measureCheckpoints(
  { world }: NamedWorld,
  encoding: Encoding,
  samples: number,
  options: CaseOptions,
): Promise<Measurement[]> {
  const asked = { d: world.hiddenDim, samples, invariance: false };
  const { measured } = await withEncoder(encoding, asked, options, (encoder) =>
    measureTogether(world, encoder, { samples, seed: options.seed }),
  );
  return measured;
}
