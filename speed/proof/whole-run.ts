import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { locateReleased } from '#bench/hub/released';
import { openWorld } from '#bench/worlds';
import type { RunRecord } from '#contract/run';
import { DEFAULT_BATCH, readTask } from '#contract/task';
import { sandboxByHand } from '#host/by-hand';
import { collect, type Exit, startChild } from '#host/child';
import { openDataChannel } from '#host/data-channel';
import { serviceEnv } from '#host/env';
import { lastWord } from '#host/last-word';
import { machine } from '#host/machine';
import { readsOf } from '#host/reads';
import { drawnByOf } from '../drawn-by.ts';
import type { Asked } from './parts.ts';

const REPOSITORY = join(import.meta.dirname, '..', '..');
const NODE = [process.execPath, '--import', 'tsx'];
const EXPERIMENT = 'default';
const SEED = 0;
/** 16k's kind from a seed of our own: it is built here where the released model is not. */
const OWN_WORLD = 'synth-16k:seed=1';

const Verdict = z.object({
  metrics: z.record(z.string(), z.number()),
  seconds: z.number(),
  evaluation: z.object({ samples: z.number() }),
});

/** A whole run of the default recipe and its verdict. */
export interface WholeRun {
  world: string;
  profile: string;
  samples: number;
  seconds: number;
  samplesPerSecond: number;
  /** The device that drew the samples; null: the processor. */
  drawnBy: string | null;
  judgeSeconds: number;
  /** Fresh samples of the verdict. */
  judged: number;
  /** In training form. */
  metrics: Record<string, number>;
}

/** What is trained, in a world of its size: the released one where it is here. */
type Training = Pick<Extract<Asked, { kind: 'run' }>, 'backend' | 'size' | 'samples'>;

/**
 * Trains the default recipe to its end on the real stream and judges it, each in a process of its own as a
 * run by hand does. Git is not needed.
 * @throws Error with the trainer's or the judge's own error line
 */
export async function trainAndJudge(asked: Training, named?: string): Promise<WholeRun> {
  const profile = asked.size === 'full' ? '16k' : 'small';
  const ours = asked.size === 'small' ? 'small' : locateReleased() ? 'synth-16k' : OWN_WORLD;
  const world = named ?? ours;
  // Built before anything is timed.
  await openWorld(world);
  const dir = mkdtempSync(join(tmpdir(), 'proof-run-'));
  try {
    const began = performance.now();
    const drawnBy = await train(asked, { dir, profile, world });
    const seconds = (performance.now() - began) / 1000;
    const record = recordOf(asked, profile, seconds);
    writeFileSync(join(dir, 'run.json'), JSON.stringify(record));
    const verdict = await judge(dir, asked, world);
    return {
      ...{ world, profile, samples: asked.samples, seconds, samplesPerSecond: asked.samples / seconds },
      ...{ drawnBy, judgeSeconds: verdict.seconds, judged: verdict.evaluation.samples },
      metrics: verdict.metrics,
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

interface Place {
  dir: string;
  profile: string;
  world: string;
}

async function train(asked: Training, { dir, profile, world }: Place): Promise<string | null> {
  const sandbox = await sandboxByHand(REPOSITORY, 'auto');
  const task = readTask(join(REPOSITORY, 'TASK.md'));
  const out = join(dir, 'out');
  mkdirSync(out);
  const channel = openDataChannel(task.contract.stream === 'ring');
  const service = startChild({
    argv: [
      ...[...NODE, 'bench/cli/serve.ts', '--world', world, '--seed', String(SEED)],
      ...['--sampler', 'auto', ...channel.service.words],
    ],
    cwd: REPOSITORY,
    env: serviceEnv(),
    stdio: { stdout: channel.service.stdout, stderr: 'pipe' },
    fds: channel.service.fds,
  });
  const words = ['--profile', profile, '--samples', String(asked.samples), '--seed', String(SEED)];
  const trainer = startChild({
    ...sandbox.wrap(
      [
        'node',
        '--import',
        'tsx',
        'sae/cli/train.ts',
        EXPERIMENT,
        ...words,
        '--out',
        out,
        '--backend',
        asked.backend,
      ],
      {
        cwd: REPOSITORY,
        readable: readsOf(task, REPOSITORY, REPOSITORY),
        writable: [out],
        env: channel.trainer.env,
      },
    ),
    cwd: REPOSITORY,
    stdio: { stderr: 'pipe' },
    fds: channel.trainer.fds,
  });
  channel.close();
  const told = outputOf(service.stderr, service.done);
  const [said, exit] = await Promise.all([outputOf(trainer.stderr, trainer.done), trainer.done]);
  await service.stop('trained', 0);
  refuse('the trainer', exit, said);
  return drawnByOf(await told);
}

async function judge(dir: string, { backend }: { backend: string }, world: string) {
  const child = startChild({
    argv: [
      ...NODE,
      'bench/cli/judge.ts',
      dir,
      '--tree-dir',
      '.',
      '--world',
      world,
      '--json',
      '--backend',
      backend,
    ],
    cwd: REPOSITORY,
    env: serviceEnv(),
    stdio: { stdout: 'pipe', stderr: 'pipe' },
  });
  const [out, err, exit] = await Promise.all([
    outputOf(child.stdout, child.done),
    outputOf(child.stderr, child.done),
    child.done,
  ]);
  refuse('the judge', exit, err);
  return Verdict.parse(JSON.parse(out.trim().split('\n').at(-1) ?? ''));
}

const outputOf = (stream: Parameters<typeof collect>[0] | null, done: Promise<Exit>): Promise<string> =>
  stream === null ? Promise.resolve('') : collect(stream, done);

function refuse(what: string, { code }: Exit, said: string): void {
  if (code === 0) return;
  throw new Error(`${what}: ${lastWord(said.split('\n')) ?? `exit code ${code}`}`);
}

/** What the judge has to know of the run. */
function recordOf({ samples }: { samples: number }, profile: string, seconds: number): RunRecord {
  return {
    ...{
      version: 2,
      id: 'gpu-proof',
      experiment: EXPERIMENT,
      settings: {},
      samples,
      seed: SEED,
      tree: 'here',
    },
    ...{ researcherId: 'gpu-proof', status: 'finished', reason: null, seconds, sprint: null, profile },
    ...{ batch: DEFAULT_BATCH, startedAt: new Date().toISOString(), endedAt: null, rowsServed: null },
    ...{ machine: machine(), sandbox: '' },
  };
}
