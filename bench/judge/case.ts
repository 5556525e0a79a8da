import { join, resolve } from 'node:path';
import { type Profile, profileOf, readTask } from '#contract/task';
import { type SandboxChoice, sandboxByHand } from '#host/by-hand';
import { splitCommand } from '#host/command';
import { readsOf } from '#host/reads';
import { checkoutTree } from '#host/tree';
import { type BuildListener, type NamedWorld, openWorld } from '../worlds.ts';
import { Encoder, type EncoderCommand } from './encoder.ts';
import { type BatchListener, EVALUATION_BATCH, type Measurement, measure } from './measure.ts';
import { checkpointOf, openRunFolder, type RunFolder } from './run-folder.ts';

export interface CaseOptions {
  treeDir?: string;
  world?: string;
  evalSeed: number;
  stallSeconds: number;
  /** The sandbox where the judge is started by hand; under the loop, the loop's choice applies. */
  sandbox?: SandboxChoice;
  /** Makes the listener that is called with the steps of building a world. */
  onBuild?: (world: string) => BuildListener;
}

/** A run to be judged: its folder, its profile, its world, and a way to measure one of its checkpoints. */
export interface Case {
  folder: RunFolder;
  profile: Profile;
  world: NamedWorld;
  /**
   * Measures `name`, a file below the run's `out/`.
   * @throws UserError for a bad file, EncoderError for a bad encoder
   */
  measure(name: string, samples: number, onBatch?: BatchListener): Promise<Measurement>;
}

/**
 * Opens a run for judging. TASK.md is read from the working directory, which is the repository.
 * @throws UserError
 */
export async function openCase(path: string, options: CaseOptions): Promise<Case> {
  const folder = openRunFolder(path);
  const task = readTask('TASK.md');
  const profile = profileOf(task, folder.run.profile);
  const argv = splitCommand(task.contract.encode);
  const name = options.world ?? profile.world;
  const world = await openWorld(name, options.onBuild?.(name));
  return {
    folder,
    profile,
    world,
    async measure(name, samples, onBatch) {
      const checkpoint = checkpointOf(folder, name);
      const cwd = options.treeDir
        ? resolve(options.treeDir)
        : await checkoutTree({ repo: process.cwd(), tree: folder.run.tree });
      const log = join(folder.dir, 'judge.log');
      const command = { argv, cwd, checkpoint, log, readable: readsOf(task, process.cwd(), cwd) };
      return await measureCheckpoint(world, command, samples, options, onBatch);
    },
  };
}

/**
 * Starts the encoder of a checkpoint, measures it on fresh samples of the world and ends it.
 * @throws EncoderError, and UserError where the encoder may not run because there is no sandbox
 */
export async function measureCheckpoint(
  { world }: NamedWorld,
  command: Omit<EncoderCommand, 'sandbox' | 'stallSeconds'>,
  samples: number,
  { evalSeed, stallSeconds, sandbox: asked = 'auto' }: CaseOptions,
  onBatch?: BatchListener,
): Promise<Measurement> {
  const sandbox = await sandboxByHand(process.cwd(), asked);
  const encoder = await Encoder.start(
    { ...command, sandbox, stallSeconds },
    world.hiddenDim,
    EVALUATION_BATCH,
  );
  try {
    return await measure(world, encoder, { samples, seed: evalSeed }, onBatch);
  } finally {
    await encoder.stop();
  }
}
