import { existsSync, rmSync } from 'node:fs';
import { writeJsonAtomic } from '#contract/atomic';
import type { Slurm } from '#contract/executor';
import type { RunRecord } from '#contract/run';
import type { Task } from '#contract/task';
import { inJob, inRun } from '../../common/paths.ts';
import { jobsOf } from '../../devices/slots.ts';
import { findRunRecord, readRunRecord } from '../../ledger/run-folder.ts';
import type { Executor, ResumeRequest, RunHandle, RunRequest } from '../executor.ts';
import { beginRun, continueRun, type Prepared } from '../prepare.ts';
import { refuseFinished } from '../resume.ts';
import { askSlurm } from './ask.ts';
import { newJobName } from './commands.ts';
import { type Asked, dropJob, readAsked, readEnded, readJob, writeAsked, writeJob } from './files.ts';
import { followJob } from './follow-job.ts';
import type { Pace } from './following.ts';
import { isActive, squeue } from './queue.ts';
import { startServed } from './served-run.ts';
import { NO_ANSWER, type Submitted, submit } from './submit.ts';
import { QueueWatch } from './watch.ts';

/** Seconds for a cancelled job to be gone from Slurm. */
const CANCELLED_SECONDS = 20;

type Request = Pick<RunRequest, 'repo' | 'task' | 'sandbox' | 'threads' | 'timeoutSeconds' | 'secretWorld'>;

/**
 * Runs a training run as a job of Slurm: one that holds data service, trainer and sandbox, as the local
 * executor has them (on-node.ts). Its folder lies on a file system that supervisor and nodes share. A job
 * goes on when its supervisor is gone.
 */
export class SlurmExecutor implements Executor {
  readonly #watch: QueueWatch;
  readonly #pace: Pace;

  /** `askMs`: how often Slurm is asked for all jobs. */
  constructor({ askMs = 5000, ...pace }: Partial<Pace & { askMs: number }> = {}) {
    this.#watch = new QueueWatch(askMs);
    this.#pace = { pollMs: 500, lagSeconds: 60, ...pace };
  }

  slots(task: Task): number {
    return jobsOf(task.contract);
  }

  start(request: RunRequest): Promise<RunHandle> {
    return beginRun(request, (run) => this.#begin(request, run));
  }

  /** Follows the job of a run that goes on, and submits one where there is none. */
  async resume(request: ResumeRequest): Promise<RunHandle> {
    const { dir } = request;
    const job = readJob(dir);
    const asked = job && readAsked(dir);
    if (!job || !asked || asked.name !== job.name)
      return continueRun(request, (run) => this.#begin(request, run));
    const before = readRunRecord(dir);
    refuseFinished(dir, before);
    const { endedBy: _, ...same } = before;
    const record: RunRecord = { ...same, status: 'running', reason: null, endedAt: null };
    writeJsonAtomic(inRun(dir).record, record);
    const submitted = job.id === null ? NO_ANSWER : { id: job.id };
    return this.#follow(request, { record, dir, asked, submitted });
  }

  isRunning(dir: string): boolean {
    return this.goesOn(dir);
  }

  goesOn(dir: string): boolean {
    return existsSync(inJob(dir).job);
  }

  /** Takes a run's job out of Slurm; where it has ended by itself, its record is completed. */
  async endLeft(dir: string): Promise<boolean> {
    const own = readJob(dir);
    if (!own) return false;
    // A run on a secret world may have had other jobs since, of which the shared folder tells.
    const job = (own.shared === undefined ? null : readJob(own.shared)) ?? own;
    const ended = readEnded(dir, job.name)?.record;
    const before = findRunRecord(dir);
    if (ended && before && ended.endedBy !== 'outside')
      writeJsonAtomic(inRun(dir).record, { ...before, ...ended });
    const lives = async () => {
      const seen = (await squeue([job.name]))?.get(job.name);
      return seen !== undefined && isActive(seen);
    };
    const was = await lives();
    for (let waited = 0; was && waited < CANCELLED_SECONDS; waited++) {
      await askSlurm(['scancel', `--name=${job.name}`]);
      await new Promise((resolve) => setTimeout(resolve, 1000));
      if (!(await lives())) break;
    }
    if (own.shared !== undefined) rmSync(own.shared, { recursive: true, force: true });
    dropJob(dir);
    return was && !ended;
  }

  async #begin(request: Request, run: Prepared): Promise<RunHandle> {
    const { task, repo, sandbox, threads, timeoutSeconds } = request;
    const { record, dir, treeDir, from, earlier } = run;
    const asked: Asked = {
      ...{ name: newJobName(), repo, taskPath: task.path, contract: task.contract },
      ...{ record, treeDir, from, earlier, threads },
      noSandbox: sandbox.kind === 'off' ? (/^off \((.*)\)$/.exec(sandbox.label)?.[1] ?? sandbox.label) : null,
      ...(timeoutSeconds !== undefined && {
        until: new Date(Date.now() + timeoutSeconds * 1000).toISOString(),
      }),
    };
    const slurm = slurmOf(request);
    const { rowsFrom } = slurm;
    if (request.secretWorld) {
      if (rowsFrom === undefined) throw new Error('a world must not lie where the nodes read');
      const how = { watch: this.#watch, pace: this.#pace };
      return startServed({ request, run, asked, slurm: { ...slurm, rowsFrom }, ...how });
    }
    writeAsked(dir, asked);
    writeJob(dir, { name: asked.name, id: null });
    const submitted = await submit({ slurm, dir, asked });
    return this.#follow(request, { record, dir, asked, submitted });
  }

  #follow(
    request: Request,
    run: { record: RunRecord; dir: string; asked: Asked; submitted: Submitted },
  ): RunHandle {
    const { repo } = request;
    return followJob({ ...run, repo, slurm: slurmOf(request), watch: this.#watch, pace: this.#pace });
  }
}

/** A run that was begun as a job goes on as one, also where TASK.md says otherwise now. */
const slurmOf = ({ task }: Request): Slurm => task.contract.executor.slurm ?? { resources: {}, sbatch: [] };
