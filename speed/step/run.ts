import { join } from 'node:path';
import type { SamplerName } from '#bench/sampler/device/open';
import { UserError } from '#contract/errors';
import { readTask } from '#contract/task';
import { isAmxHere } from '#engine/embedded/amx';
import { libraryHere } from '#engine/embedded/library';
import { type SandboxChoice, sandboxByHand } from '#host/by-hand';
import { collect, startChild } from '#host/child';
import { openDataChannel } from '#host/data-channel';
import { serviceEnv } from '#host/env';
import { lastWord } from '#host/last-word';
import { readsOf } from '#host/reads';
import { drawnByOf } from '../drawn-by.ts';

/** One measurement: what is trained, on what. */
export interface Case {
  experiment: string;
  profile: string;
  /** Sizes of the profile in TASK.md, over those of the workspace. */
  profileSettings?: Readonly<Record<string, unknown>>;
  world: string;
  settings: readonly string[];
  backend: string;
  /** Whether everything runs in tfjs' own kernels, as the yardstick. */
  plain: boolean;
  /** Thread count of the engine; where null, the engine chooses. */
  threads: number | null;
  /** Whether the engine's own kernels and AMX compute products; else a library, where one is here. */
  npmAlone: boolean;
  /** Whether all steps train on the same batch, so that nothing is drawn meanwhile. */
  resident?: boolean;
  /** What draws the data; unset: the processor. */
  sampler?: SamplerName;
  warmUp: number;
  steps: number;
  /** Where the trainer runs; unset: as a run by hand does. */
  sandbox?: SandboxChoice;
}

type StepPart = 'step' | 'cpu' | 'waiting' | 'sampling' | 'encode';
/** Parts of a step that run on a device where it is not read back: null there. */
type OwnPart = 'forward' | 'backward' | 'optimiser' | 'thread';

/** A kernel of a replayed step, all its launches together. */
export interface KernelLine {
  name: string;
  launches: number;
  /** Memory of the device that it reads and writes, and what it computes, as counted from its arguments. */
  bytesRead: number;
  bytesWritten: number;
  flops: number;
  /** On the device itself. */
  ms: number;
}

/** The answer of the trainer's own `step` command (sae/cli/step.ts). */
export interface Answer {
  architecture: string;
  backend: string;
  d_in: number;
  d_sae: number;
  batch: number;
  /** All settings of architecture and trainer. */
  settings: Record<string, unknown>;
  ms: Record<StepPart, number> &
    Record<OwnPart, number | null> & {
      operations: Record<string, number>;
    };
  firstStepMs: number;
  loss: number;
  peakBytes: number;
  /** What a step does on a device; null where the backend counts nothing. */
  device: {
    launches: number;
    reads: number;
    bytesRead: number;
    bytesWritten: number;
    /** The share of the steps that were replayed. */
    replayed: number;
    kernels: KernelLine[];
  } | null;
}

const REPOSITORY = join(import.meta.dirname, '..', '..');

/**
 * Runs a case as a real run: data service, pipe and trainer, with a process each for service and trainer.
 * The trainer runs in the sandbox.
 * @throws UserError where there is none and Claude has worked here, Error with the trainer's own error line
 * where it fails.
 */
export async function runCase(asked: Case): Promise<Answer & { drawnBy: string | null }> {
  const sandbox = await sandboxByHand(REPOSITORY, asked.sandbox ?? 'auto');
  const task = readTask(join(REPOSITORY, 'TASK.md'));
  const channel = openDataChannel(task.contract.stream === 'ring');
  const service = startChild({
    argv: [
      process.execPath,
      '--import',
      'tsx',
      'bench/cli/serve.ts',
      '--world',
      asked.world,
      ...(asked.sampler ? ['--sampler', asked.sampler] : []),
      ...channel.service.words,
    ],
    cwd: REPOSITORY,
    env: serviceEnv(),
    stdio: { stdout: channel.service.stdout, stderr: 'pipe' },
    fds: channel.service.fds,
  });
  const trainer = startChild({
    ...sandbox.wrap(['node', '--import', 'tsx', 'sae/cli/step.ts', ...argumentsOf(asked)], {
      cwd: REPOSITORY,
      readable: readsOf(task, REPOSITORY, REPOSITORY),
      env: {
        ...channel.trainer.env,
        ...(asked.threads !== null && { ENGINE_THREADS: String(asked.threads) }),
        ENGINE_BLAS: asked.npmAlone ? ownProducts() : namedLibrary(),
      },
    }),
    cwd: REPOSITORY,
    stdio: { stdout: 'pipe', stderr: 'pipe' },
    fds: channel.trainer.fds,
  });
  channel.close();
  if (!trainer.stdout || !trainer.stderr || !service.stderr) throw new Error('a process has no output');
  const told = collect(service.stderr, service.done);
  const [out, err, { code }] = await Promise.all([
    collect(trainer.stdout, trainer.done),
    collect(trainer.stderr, trainer.done),
    trainer.done,
  ]);
  await service.stop('measured', 0);
  const drawnBy = drawnByOf(await told);
  // A refusal (exit code 2) is one line.
  const Failure = code === 2 ? UserError : Error;
  if (code !== 0)
    throw new Failure(`${asked.experiment}: ${lastWord(err.split('\n')) ?? `exit code ${code}`}`);
  return { ...(JSON.parse(out) as Answer), drawnBy };
}

/** What computes dense products with the packages of npm ci alone; ENGINE_BLAS=off leaves AMX out. */
export const ownProducts = (): 'amx' | 'off' =>
  process.env.ENGINE_BLAS !== 'off' && isAmxHere() ? 'amx' : 'off';

/** The library of this machine by its name: without one, the engine takes its own kernels where it can. */
function namedLibrary(): string {
  const { ENGINE_BLAS: named = 'auto' } = process.env;
  return named === 'auto' ? (libraryHere() ?? named) : named;
}

function argumentsOf(asked: Case): string[] {
  const { experiment, profile, profileSettings, settings, backend, plain, resident, warmUp, steps } = asked;
  return [
    experiment,
    ...['--profile', profile, '--backend', backend, '--warm-up', String(warmUp), '--steps', String(steps)],
    ...settings.flatMap((setting) => ['--set', setting]),
    ...(profileSettings ? ['--settings', JSON.stringify(profileSettings)] : []),
    ...(plain ? ['--plain'] : []),
    ...(resident ? ['--resident'] : []),
  ];
}
