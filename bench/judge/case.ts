import { OWN_FAULT, UserError } from '#contract/errors';
import type { Profile } from '#contract/task';
import { type NamedWorld, type OpenedWorld, openWorld } from '../worlds.ts';
import { withEncoder } from './encoders.ts';
import { type AnswerListener, type BatchListener, type Measurement, measure } from './measure.ts';
import { ours } from './own-fault.ts';
import type { RunFolder } from './run-folder.ts';
import { type CaseOptions, type Encoding, openRun } from './subject.ts';

/** A run to be judged: its folder, its profile, its world, and a way to measure one of its checkpoints. */
export interface Case {
  folder: RunFolder;
  profile: Profile;
  world: OpenedWorld;
  /**
   * Measures `name`, a file below the run's `out/`.
   * @throws UserError for a bad file, EncoderError for a bad encoder
   */
  measure(name: string, samples: number, asked?: Asked): Promise<Measurement>;
}

/** What else is done in a measurement. */
export interface Asked {
  onBatch?: BatchListener;
  onAnswer?: AnswerListener;
  /** Where several measurements of a run are under way: which of them this is. Each has a log of its own. */
  lane?: number;
  /** Whether a second process of the encoder has to give the same codes (invariance.ts). */
  invariance?: boolean;
}

/**
 * Opens a run for judging. TASK.md is read from the working directory, which is the repository.
 * @throws UserError
 */
export async function openCase(path: string, options: CaseOptions): Promise<Case> {
  const subject = openRun(path, options);
  const { folder, profile, world: name } = subject;
  const open = () => openWorld(name, options.onBuild?.(name));
  const isSecret = folder.run.secretWorld !== undefined;
  // The encoder has not been started yet.
  const world = isSecret ? await ours(open) : await open();
  if (isSecret && folder.run.secretWorld !== world.world.hash)
    throw new UserError(`${name}: is not the secret world that ${path} was trained on`, OWN_FAULT);
  return {
    folder,
    profile,
    world,
    measure: (file, samples, asked) =>
      subject.encoded(file, asked?.lane ?? 0, (encoding) =>
        measureCheckpoint(world, encoding, samples, options, asked),
      ),
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
  { onBatch, onAnswer, invariance = false }: Asked = {},
): Promise<Measurement> {
  const { seed } = options;
  const asked = { d: world.hiddenDim, samples, invariance };
  const { measured, dependence } = await withEncoder(encoding, asked, options, (encoder, answered) =>
    measure(world, encoder, { samples, seed }, onBatch, (index, x, codes, truth) => {
      answered(index, x, codes);
      onAnswer?.(index, x, codes, truth);
    }),
  );
  return dependence ? { ...measured, dependence } : measured;
}
