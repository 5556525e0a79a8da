import { closeSync, existsSync, mkdirSync, realpathSync, rmSync } from 'node:fs';
import { writeJsonAtomic } from '#contract/atomic';
import { UserError } from '#contract/errors';
import { FIRST_RESEARCHER, type RunRecord, specOf } from '#contract/run';
import { profileOf, type Task } from '#contract/task';
import { trainWords } from '#contract/train-command';
import { type Child, startChild } from '#host/child';
import { splitCommand } from '#host/command';
import { serviceEnv } from '#host/env';
import { machine } from '#host/machine';
import { makePipe } from '#host/pipe';
import { readsOf } from '#host/reads';
import { checkoutTree, keepTree } from '#host/tree';
import { inRun, runDir } from '../common/paths.ts';
import { readRunRecord } from '../ledger/run-folder.ts';
import type { Executor, ResumeRequest, RunHandle, RunRequest } from './executor.ts';
import { fingerprintsOf } from './fingerprint.ts';
import { follow } from './follow.ts';
import { endLeft, noteProcesses, refuseRunning, trainerOf } from './left-running.ts';
import { refuseFinished, resumePoint, savedBatch } from './resume.ts';
import { claimRunFolder, runRef } from './run-id.ts';

const LOG_BYTES = 2_000_000;
/** The trainer's end of the stream. */
const DATA_FD = 3;

/**
 * Runs a training run as processes of this machine: the task's `serve` (in the repository, ours) and its
 * `train` (in the run's tree, in the sandbox), joined by a pipe that carries x and nothing else. A task
 * without `serve` runs without a stream.
 */
export class LocalExecutor implements Executor {
  /** `maxOutBytes`: how large a run's `out/` may grow. `maxMemoryBytes`: how much its processes may hold. */
  constructor(private readonly limits: { maxOutBytes?: number; maxMemoryBytes?: number } = {}) {}

  async start(request: RunRequest): Promise<RunHandle> {
    const { repo, task, profileName, samples, seed, tree } = request;
    const profile = profileOf(task, profileName);
    if (!Number.isSafeInteger(samples) || samples <= 0) {
      throw new UserError(`samples must be a whole number above 0, not ${samples}`);
    }
    if (!Number.isSafeInteger(seed) || seed < 0)
      throw new UserError(`seed must be a whole number from 0, not ${seed}`);
    const treeDir = await checkoutTree({ repo, tree });
    refuseNoWeights(request);
    // Data of a secret world are no run's but its own.
    const [own] = request.secretWorld ? [] : await fingerprintsOf(request, [request]);

    const { id, dir } = claimRunFolder(request);
    const record: RunRecord = {
      version: 2,
      id,
      ...specOf(request),
      researcherId: request.researcherId ?? FIRST_RESEARCHER,
      sprint: request.sprint,
      role: request.role,
      profile: profileName,
      profileSettings: profile.settings,
      batch: profile.batch,
      ...(own && { fingerprint: own.fingerprint }),
      ...(request.secretWorld && { secretWorld: request.secretWorld.hash }),
      startedAt: new Date().toISOString(),
      endedAt: null,
      status: 'running',
      reason: null,
      seconds: null,
      rowsServed: null,
      machine: machine(),
      sandbox: request.sandbox.label,
    };
    const processes: Processes = { service: null, trainer: null };
    try {
      await keepTree({ repo, tree, ref: runRef(id) });
      mkdirSync(inRun(dir).out, { recursive: true });
      writeJsonAtomic(inRun(dir).record, record);
      this.launch(processes, { ...request, record, dir, treeDir, from: null });
    } catch (error) {
      await endBoth(processes);
      rmSync(dir, { recursive: true, force: true });
      throw error;
    }
    return follow({
      ...this.limits,
      repo,
      record,
      dir,
      ...processes,
      trainer: processes.trainer as Child,
    });
  }

  /**
   * Resumes a run that was ended or killed, in its own folder, from what its trainer saved last: the same
   * tree and arguments, and the stream from the next batch. Where nothing was saved the run begins anew, if
   * `orAnew` is set.
   * @throws UserError where the run cannot be resumed.
   */
  async resume(request: ResumeRequest): Promise<RunHandle> {
    const { repo, dir } = request;
    const before = readRunRecord(dir);
    refuseFinished(dir, before);
    refuseRunning(dir);
    if (before.secretWorld !== undefined)
      throw new UserError(`${dir}: was trained on a secret world, which is gone; train it again instead`);
    const from = request.orAnew ? savedBatch(dir) : resumePoint(dir, before);
    const treeDir = await checkoutTree({ repo, tree: before.tree });
    const { label } = request.sandbox;
    const sandbox = before.sandbox === label ? label : `${before.sandbox}, then ${label}`;
    const { endedBy: _, ...same } = before;
    const seconds = from === null ? null : before.seconds;
    const fingerprint = await unchanged(request, before);
    const record: RunRecord = {
      ...same,
      fingerprint,
      status: 'running',
      reason: null,
      endedAt: null,
      seconds,
      sandbox,
    };
    const processes: Processes = { service: null, trainer: null };
    try {
      if (from === null) empty(dir);
      writeJsonAtomic(inRun(dir).record, record);
      this.launch(processes, { ...request, record, treeDir, from });
    } catch (error) {
      await endBoth(processes);
      writeJsonAtomic(inRun(dir).record, before);
      throw error;
    }
    const earlier = { seconds: seconds ?? 0, rows: (from ?? 0) * batchOf(request.task, before) };
    return follow({
      ...this.limits,
      repo,
      record,
      dir,
      ...processes,
      trainer: processes.trainer as Child,
      earlier,
    });
  }

  isRunning(dir: string): boolean {
    return trainerOf(dir) !== null;
  }

  endLeft(dir: string): Promise<boolean> {
    return endLeft(dir);
  }

  /** Starts both processes into `processes`, so that the caller can end the one that did start. */
  private launch(processes: Processes, run: Launch): void {
    const { repo, task, sandbox, record, dir, treeDir, from } = run;
    const { profile: profileName, samples, seed } = record;
    const profile = profileOf(task, profileName);
    // A link in a home or a temporary folder does not exist in the sandbox, so the real path is used.
    const out = inRun(realpathSync(dir)).out;
    // The weights that a run starts with are read-only; a run that is resumed has its own.
    const weights = from === null && record.from !== undefined ? weightsOf(repo, record.from) : null;
    const pipe = task.contract.serve ? makePipe() : null;
    try {
      if (task.contract.serve && pipe) {
        const batch = batchOf(task, record);
        const whole = (rows: number) => Math.ceil(rows / batch) * batch;
        const rows = whole(samples) + whole(profile.normalisation) - (from ?? 0) * batch;
        const size = ['--rows', String(rows), '--batch', String(batch)];
        const world = run.secretWorld ? ['--world', run.secretWorld.folder] : [];
        const stream = ['--profile', profileName, ...world, '--seed', String(seed), ...size];
        const begin = from === null ? [] : ['--from', String(from)];
        processes.service = startChild({
          argv: [...splitCommand(task.contract.serve), ...stream, ...begin],
          cwd: repo,
          env: serviceEnv(),
          stdio: { stdout: pipe.writeFd },
          log: { path: inRun(dir).serveLog, maxBytes: LOG_BYTES },
        });
      }
      const start = weights ? ['--from', weights] : [];
      const resume = from === null ? start : ['--resume'];
      const words = [...splitCommand(task.contract.train), ...trainWords(record), '--out', out, ...resume];
      const wrapped = sandbox.wrap(words, {
        cwd: treeDir,
        writable: [out],
        readable: [...readsOf(task, repo, treeDir), ...(weights ? [weights] : [])],
        env: { ...threadsOf(run.threads), ...(pipe ? { LOOP_DATA_FD: String(DATA_FD) } : {}) },
      });
      processes.trainer = startChild({
        ...wrapped,
        cwd: treeDir,
        fds: pipe ? { [DATA_FD]: pipe.readFd } : {},
        log: { path: inRun(dir).trainerLog, maxBytes: LOG_BYTES },
        timeoutSeconds: Math.min(profile.timeout, run.timeoutSeconds ?? Number.POSITIVE_INFINITY),
        graceSeconds: 10,
      });
      noteProcesses(dir, [processes.trainer, ...(processes.service ? [processes.service] : [])]);
    } finally {
      if (pipe) {
        closeSync(pipe.readFd);
        closeSync(pipe.writeFd);
      }
    }
  }
}

interface Processes {
  service: Child | null;
  trainer: Child | null;
}

/** The fingerprint of a run that goes on; none where its first part had another, as of another engine. */
async function unchanged(request: ResumeRequest, before: RunRecord): Promise<string | undefined> {
  const { fingerprint, profile: profileName, tree } = before;
  if (fingerprint === undefined) return undefined;
  const [now] = await fingerprintsOf({ ...request, profileName, tree }, [before]);
  return now?.fingerprint === fingerprint ? fingerprint : undefined;
}

/** Ends both where one could not be started, or the record not be written. */
async function endBoth({ service, trainer }: Processes): Promise<void> {
  await Promise.all([service, trainer].map((child) => child?.stop('its run could not be started', 0)));
}

interface Launch
  extends Pick<RunRequest, 'repo' | 'task' | 'sandbox' | 'timeoutSeconds' | 'secretWorld' | 'threads'> {
  record: RunRecord;
  dir: string;
  treeDir: string;
  /** The batch to resume from; null for a run that begins. */
  from: number | null;
}

/** Our engine reads the first variable, most libraries of Python the second. */
const threadsOf = (threads: number | undefined): Record<string, string> =>
  threads === undefined ? {} : { ENGINE_THREADS: String(threads), OMP_NUM_THREADS: String(threads) };

/** What a run has written: all that a run which starts with its weights sees of it. */
const weightsOf = (repo: string, run: string): string => inRun(realpathSync(runDir(repo, run))).out;

/** @throws UserError where there is no such run. */
function refuseNoWeights({ repo, from }: Pick<RunRequest, 'repo' | 'from'>): void {
  if (from === undefined || (/^[\w.=-]+$/.test(from) && existsSync(inRun(runDir(repo, from)).checkpoint)))
    return;
  throw new UserError(`--from ${from}: no run of this name with a checkpoint in checkpoints/`);
}

/** Removes the outputs of a run that begins anew. */
function empty(dir: string): void {
  const { out, evals, verdict } = inRun(dir);
  for (const path of [out, evals, verdict]) rmSync(path, { recursive: true, force: true });
  mkdirSync(out);
}

const batchOf = (task: Task, { batch, profile }: RunRecord): number =>
  batch ?? profileOf(task, profile).batch;
