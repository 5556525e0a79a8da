import { closeSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeJsonAtomic } from '#contract/atomic';
import { UserError } from '#contract/errors';
import type { RunRecord } from '#contract/run';
import { profileOf } from '#contract/task';
import { type Child, startChild } from '#host/child';
import { splitCommand } from '#host/command';
import { serviceEnv } from '#host/env';
import { machine } from '#host/machine';
import { makePipe } from '#host/pipe';
import { checkoutTree, keepTree } from '#host/tree';
import type { Executor, RunHandle, RunRequest } from './executor.ts';
import { follow } from './follow.ts';
import { claimRunFolder, runRef } from './run-id.ts';

/** Rows of a whole batch of the data service: its default. */
const BATCH_ROWS = 1024;
const LOG_BYTES = 2_000_000;
/** The trainer's end of the stream. */
const DATA_FD = 3;

/**
 * Runs a training run as processes of this machine: the task's `serve` (in the repository, ours) and its `train` (in the run's tree, in
 * the sandbox), joined by a pipe that carries x and nothing else. A task without `serve` runs without a stream.
 */
export class LocalExecutor implements Executor {
  async start(request: RunRequest): Promise<RunHandle> {
    const { repo, task, profileName, experiment, samples, seed, tree } = request;
    const profile = profileOf(task, profileName);
    if (!Number.isSafeInteger(samples) || samples <= 0) {
      throw new UserError(`samples must be a whole number above 0, not ${samples}`);
    }
    if (!Number.isSafeInteger(seed) || seed < 0)
      throw new UserError(`seed must be a whole number from 0, not ${seed}`);
    const train = splitCommand(task.contract.train);
    const serve = task.contract.serve ? splitCommand(task.contract.serve) : null;
    const treeDir = await checkoutTree({ repo, tree });

    const { id, dir } = claimRunFolder(request);
    const out = join(dir, 'out');
    const common = ['--profile', profileName, '--samples', String(samples), '--seed', String(seed)];
    const args = [experiment, ...common, ...request.args];
    const record: RunRecord = {
      version: 1,
      id,
      sprint: request.sprint,
      experiment,
      args,
      profile: profileName,
      seed,
      samples,
      tree,
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
      mkdirSync(out, { recursive: true });
      writeJsonAtomic(join(dir, 'run.json'), record);
      const rows = wholeBatches(samples) + wholeBatches(profile.normalisation);
      this.launch(processes, {
        request,
        dir,
        treeDir,
        train: [...train, ...args, '--out', out],
        serve: serve && [...serve, '--profile', profileName, '--seed', String(seed), '--rows', String(rows)],
        timeoutSeconds: Math.min(profile.timeout, request.timeoutSeconds ?? Number.POSITIVE_INFINITY),
      });
    } catch (error) {
      await processes.service?.stop('its trainer could not be started', 0);
      rmSync(dir, { recursive: true, force: true });
      throw error;
    }
    return follow({
      repo,
      record,
      dir,
      treeDir,
      service: processes.service,
      trainer: processes.trainer as Child,
    });
  }

  private launch(processes: Processes, run: Launch): void {
    const { request, dir, treeDir } = run;
    const pipe = run.serve ? makePipe() : null;
    try {
      if (run.serve && pipe) {
        processes.service = startChild({
          argv: run.serve,
          cwd: request.repo,
          env: serviceEnv(),
          stdio: { stdout: pipe.writeFd },
          log: { path: join(dir, 'serve.log'), maxBytes: LOG_BYTES },
        });
      }
      const wrapped = request.sandbox.wrap(run.train, {
        cwd: treeDir,
        writable: [join(dir, 'out')],
        readable: [treeDir],
        env: pipe ? { LOOP_DATA_FD: String(DATA_FD) } : {},
      });
      processes.trainer = startChild({
        ...wrapped,
        cwd: treeDir,
        fds: pipe ? { [DATA_FD]: pipe.readFd } : {},
        log: { path: join(dir, 'trainer.log'), maxBytes: LOG_BYTES },
        timeoutSeconds: run.timeoutSeconds,
        graceSeconds: 10,
      });
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

interface Launch {
  request: RunRequest;
  dir: string;
  treeDir: string;
  train: string[];
  serve: string[] | null;
  timeoutSeconds: number;
}

const wholeBatches = (rows: number) => Math.ceil(rows / BATCH_ROWS) * BATCH_ROWS;
