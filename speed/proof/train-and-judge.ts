import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { openWorld } from '#bench/worlds';
import { DEFAULT_BATCH } from '#contract/profile';
import { type RunRecord, TrainResult } from '#contract/run';
import { readTask } from '#contract/task';
import { sandboxByHand } from '#host/by-hand';
import { collect, type Exit, startChild } from '#host/child';
import { openDataChannel } from '#host/data-channel';
import { serviceEnv } from '#host/env';
import { lastWord } from '#host/last-word';
import { machine } from '#host/machine';
import { readsOf } from '#host/reads';
import { drawnByOf } from '../drawn-by.ts';

const REPOSITORY = join(import.meta.dirname, '..', '..');
const NODE = [process.execPath, '--import', 'tsx'];
const EXPERIMENT = 'default';

const Verdict = z.object({
  metrics: z.record(z.string(), z.number()),
  seconds: z.number(),
  evaluation: z.object({ samples: z.number() }),
});

/** A run of the default recipe: the seed is that of its weights and of its data. */
export interface Training {
  backend: string;
  profile: string;
  world: string;
  samples: number;
  seed: number;
  /** How trainer and judge's encoder encode. */
  encode: 'fp32' | 'tf32';
  /** What draws the samples; unset: a card where there is one. */
  drawn?: 'processor';
  /** What to judge on; unset: as many fresh samples as the profile says, of a new key. */
  evaluation?: { samples: number; seed: number };
}

export interface Trained {
  /** Of the training, with its start. */
  seconds: number;
  /** The device that drew the samples; null: the processor. */
  drawnBy: string | null;
  /** What the trainer computed with. */
  label: string;
  /** What it encoded in; unset: it does not say. */
  precision?: string;
  /** In training form. */
  verdict: z.infer<typeof Verdict>;
}

/**
 * Trains the default recipe to its end on the real stream and judges it, each in a process of its own as a
 * run by hand does. Git is not needed.
 * @throws Error with the trainer's or the judge's own error line
 */
export async function trainAndJudge(asked: Training): Promise<Trained> {
  // Built before anything is timed.
  await openWorld(asked.world);
  const dir = mkdtempSync(join(tmpdir(), 'proof-run-'));
  try {
    const began = performance.now();
    const drawnBy = await train(asked, dir);
    const seconds = (performance.now() - began) / 1000;
    writeFileSync(join(dir, 'run.json'), JSON.stringify(recordOf(asked, seconds)));
    const result = TrainResult.parse(JSON.parse(readFileSync(join(dir, 'out', 'result.json'), 'utf8')));
    if (result.status !== 'finished') throw new Error(`the trainer: ${result.reason ?? result.status}`);
    const { backend: label = '', precision } = result;
    return { seconds, drawnBy, label, precision, verdict: await judge(dir, asked) };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function train(asked: Training, dir: string): Promise<string | null> {
  const { profile, world, samples, seed, encode, drawn = 'auto' } = asked;
  const sandbox = await sandboxByHand(REPOSITORY, 'auto');
  const task = readTask(join(REPOSITORY, 'TASK.md'));
  const out = join(dir, 'out');
  mkdirSync(out);
  const channel = openDataChannel(task.contract.stream === 'ring');
  const service = startChild({
    argv: [
      ...[...NODE, 'bench/cli/serve.ts', '--world', world, '--seed', String(seed)],
      ...['--sampler', drawn, ...channel.service.words],
    ],
    cwd: REPOSITORY,
    env: serviceEnv(),
    stdio: { stdout: channel.service.stdout, stderr: 'pipe' },
    fds: channel.service.fds,
  });
  const words = ['--profile', profile, '--samples', String(samples), '--seed', String(seed)];
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
        env: { ...channel.trainer.env, ENGINE_ENCODE: encode },
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

async function judge(dir: string, { backend, world, encode, evaluation }: Training) {
  const rows = evaluation
    ? ['--samples', String(evaluation.samples), '--eval-seed', String(evaluation.seed)]
    : [];
  const child = startChild({
    argv: [
      ...[...NODE, 'bench/cli/judge.ts', dir, '--tree-dir', '.', '--world', world],
      ...['--json', '--backend', backend, ...rows],
    ],
    cwd: REPOSITORY,
    env: serviceEnv({ ENGINE_ENCODE: encode }),
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
function recordOf({ samples, seed, profile }: Training, seconds: number): RunRecord {
  return {
    ...{
      version: 2,
      id: 'gpu-proof',
      experiment: EXPERIMENT,
      settings: {},
      samples,
      seed,
      tree: 'here',
    },
    ...{ researcherId: 'gpu-proof', status: 'finished', reason: null, seconds, sprint: null, profile },
    ...{ batch: DEFAULT_BATCH, startedAt: new Date().toISOString(), endedAt: null, rowsServed: null },
    ...{ machine: machine(), sandbox: '' },
  };
}
