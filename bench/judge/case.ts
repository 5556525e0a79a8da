import { join, resolve } from 'node:path';
import { OWN_FAULT, UserError } from '#contract/errors';
import { type Profile, profileOf, readTask } from '#contract/task';
import { type SandboxChoice, sandboxByHand } from '#host/by-hand';
import { splitCommand } from '#host/command';
import { readsOf } from '#host/reads';
import { checkoutTree } from '#host/tree';
import type { Seed } from '../random.ts';
import { type BuildListener, type NamedWorld, type OpenedWorld, openWorld } from '../worlds.ts';
import { Encoder, type EncoderCommand } from './encoder.ts';
import { checkInvariance, type Probe, probedBatches } from './invariance.ts';
import {
  type AnswerListener,
  type BatchListener,
  EVALUATION_BATCH,
  type Measurement,
  measure,
} from './measure.ts';
import { ours } from './own-fault.ts';
import { checkpointOf, openRunFolder, type RunFolder } from './run-folder.ts';

export interface CaseOptions {
  treeDir?: string;
  world?: string;
  /** What the fresh rows are drawn from. */
  seed: Seed;
  stallSeconds: number;
  /** The sandbox where the judge is started by hand; under the loop, the loop's choice applies. */
  sandbox?: SandboxChoice;
  /** Called while a checkpoint is measured with the rows that were counted. */
  onRows?: (done: number, of: number) => void;
  /** Makes the listener that is called with the steps of building a world. */
  onBuild?: (world: string) => BuildListener;
}

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
  const folder = openRunFolder(path);
  const task = readTask('TASK.md');
  const profile = profileOf(task, folder.run.profile);
  const argv = splitCommand(task.contract.encode);
  if (folder.run.secretWorld !== undefined && options.world === undefined)
    throw new UserError(`${path}: was trained on a secret world; name its folder with --world`);
  const name = options.world ?? profile.world;
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
    async measure(name, samples, asked) {
      const checkpoint = checkpointOf(folder, name);
      const cwd = options.treeDir
        ? resolve(options.treeDir)
        : await checkoutTree({ repo: process.cwd(), tree: folder.run.tree });
      const lane = asked?.lane ? `-${asked.lane}` : '';
      const log = join(folder.dir, `judge${lane}.log`);
      const command = { argv, cwd, checkpoint, log, readable: readsOf(task, process.cwd(), cwd) };
      return await measureCheckpoint(world, command, samples, options, asked);
    },
  };
}

/**
 * Starts the encoder of a checkpoint, measures it on fresh samples of the world and ends it. Where its
 * invariance is asked for, a second process of it starts beside the first and answers last.
 * @throws EncoderError, and UserError where the encoder may not run because there is no sandbox
 */
export async function measureCheckpoint(
  { world }: NamedWorld,
  command: Omit<EncoderCommand, 'sandbox' | 'stallSeconds'>,
  samples: number,
  { seed, stallSeconds, onRows, sandbox: chosen = 'auto' }: CaseOptions,
  { onBatch, onAnswer, invariance = false }: Asked = {},
): Promise<Measurement> {
  const sandbox = await sandboxByHand(process.cwd(), chosen);
  const start = (log: string): Promise<Encoder> =>
    Encoder.start({ ...command, log, sandbox, stallSeconds }, world.hiddenDim, EVALUATION_BATCH);
  const logs = [command.log, ...(invariance ? [command.log.replace(/\.log$/, '-again.log')] : [])];
  const started = await Promise.allSettled(logs.map(start));
  const encoders = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  try {
    for (const each of started) if (each.status === 'rejected') throw each.reason;
    const [encoder, fresh] = encoders;
    const asked = probedBatches(Math.ceil(samples / EVALUATION_BATCH), seed);
    const probes: Probe[] = [];
    let counted = 0;
    const onEach: AnswerListener = (index, x, codes, truth) => {
      counted += codes[0].rows;
      onRows?.(counted, samples);
      if (fresh && asked.has(index)) probes.push({ x, rows: codes[0].rows, codes });
      onAnswer?.(index, x, codes, truth);
    };
    const measurement = await measure(world, encoder, { samples, seed }, onBatch, onEach);
    return fresh ? { ...measurement, dependence: await checkInvariance(fresh, probes, seed) } : measurement;
  } finally {
    await Promise.all(encoders.map((encoder) => encoder.stop()));
  }
}
