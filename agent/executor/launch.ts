import { existsSync, realpathSync } from 'node:fs';
import { UserError } from '#contract/errors';
import type { RunRecord } from '#contract/run';
import { profileOf, type Task, taskVariable } from '#contract/task';
import { trainWords } from '#contract/train-command';
import { builtCommand } from '#host/built/built';
import { type Child, startChild } from '#host/child';
import { splitCommand } from '#host/command';
import { type DataChannel, openDataChannel } from '#host/data-channel';
import { serviceEnv } from '#host/env';
import { readsOf } from '#host/reads';
import { inRun, runDir } from '../common/paths.ts';
import { onDevice, onThreads } from '../devices/device-of.ts';
import type { RunRequest } from './executor.ts';

const LOG_BYTES = 2_000_000;

interface Processes {
  /** Null in a task without a data service. */
  service: Child | null;
  trainer: Child;
}

/** What is started: of a request, and of the run that was prepared for it. */
export interface Launch
  extends Pick<
    RunRequest,
    'repo' | 'task' | 'sandbox' | 'timeoutSeconds' | 'secretWorld' | 'threads' | 'device'
  > {
  record: RunRecord;
  dir: string;
  treeDir: string;
  /** The batch to resume from; null for a run that begins. */
  from: number | null;
}

/**
 * Starts the task's `serve` (in the repository, ours) and its `train` (in the run's tree, in the sandbox),
 * joined by a pipe or a ring. Where one cannot be started, the other is ended.
 */
export async function launch(run: Launch): Promise<Processes> {
  let service: Child | null = null;
  const { serve, stream } = run.task.contract;
  const channel = serve ? openDataChannel(stream === 'ring') : null;
  try {
    service = channel && startService(run, channel.service);
    return { service, trainer: await startTrainer(run, channel?.trainer ?? { fds: {}, env: {} }) };
  } catch (error) {
    await service?.stop('its run could not be started', 0);
    throw error;
  } finally {
    channel?.close();
  }
}

/** Starts the task's data service for a run, with the end of a channel that it writes. */
export function startService(run: Launch, { stdout, fds, words }: DataChannel['service']): Child {
  const { repo, task, record, dir, from } = run;
  const { profile: profileName, samples, seed } = record;
  const batch = batchOf(task, record);
  const whole = (rows: number) => Math.ceil(rows / batch) * batch;
  const { normalisation } = profileOf(task, profileName);
  const rows = whole(samples) + whole(normalisation) - (from ?? 0) * batch;
  const size = ['--rows', String(rows), '--batch', String(batch)];
  const world = run.secretWorld ? ['--world', run.secretWorld.folder] : [];
  const stream = ['--profile', profileName, ...world, '--seed', String(seed), ...size];
  const begin = from === null ? [] : ['--from', String(from)];
  return startChild({
    argv: [...splitCommand(task.contract.serve ?? ''), ...stream, ...begin, ...words],
    cwd: repo,
    env: serviceEnv({ ...taskVariable(task), ...onDevice(run.device) }),
    stdio: { stdout },
    fds,
    log: { path: inRun(dir).serveLog, maxBytes: LOG_BYTES },
  });
}

/** Starts the task's trainer for a run, in the sandbox, with the end of a channel that it reads. */
export async function startTrainer(run: Launch, data: DataChannel['trainer']): Promise<Child> {
  const { repo, task, sandbox, record, dir, treeDir, from } = run;
  // A link in a home or a temporary folder does not exist in the sandbox, so the real path is used.
  const out = inRun(realpathSync(dir)).out;
  // The weights that a run starts with are read-only; a run that is resumed has its own.
  const weights = from === null && record.from !== undefined ? weightsOf(repo, record.from) : null;
  const start = weights ? ['--from', weights] : [];
  const resume = from === null ? start : ['--resume'];
  const { words, readable } = await builtCommand(
    { repo, sandbox, cwd: treeDir },
    {
      words: [...splitCommand(task.contract.train), ...trainWords(record), '--out', out, ...resume],
      readable: readsOf(task, repo, treeDir),
    },
  );
  const wrapped = sandbox.wrap(words, {
    cwd: treeDir,
    writable: [out],
    readable: [...readable, ...(weights ? [weights] : [])],
    env: { ...onThreads(run.threads), ...onDevice(run.device), ...data.env },
  });
  const { timeout } = profileOf(task, record.profile);
  return startChild({
    ...wrapped,
    cwd: treeDir,
    fds: data.fds,
    log: { path: inRun(dir).trainerLog, maxBytes: LOG_BYTES },
    timeoutSeconds: Math.min(timeout, run.timeoutSeconds ?? Number.POSITIVE_INFINITY),
    graceSeconds: 10,
  });
}

/** What a run has written: all that a run which starts with its weights sees of it. */
const weightsOf = (repo: string, run: string): string => inRun(realpathSync(runDir(repo, run))).out;

/** @throws UserError where there is no such run. */
export function refuseNoWeights({ repo, from }: Pick<RunRequest, 'repo' | 'from'>): void {
  if (from === undefined || (/^[\w.=-]+$/.test(from) && existsSync(inRun(runDir(repo, from)).checkpoint)))
    return;
  throw new UserError(`--from ${from}: no run of this name with a checkpoint in checkpoints/`);
}

export const batchOf = (task: Task, { batch, profile }: RunRecord): number =>
  batch ?? profileOf(task, profile).batch;
