import type { Executor, ResumeRequest, RunHandle, RunRequest } from './executor.ts';
import { follow } from './follow.ts';
import { type Launch, launch } from './launch.ts';
import { endLeft, noteProcesses, refuseRunning, trainerOf } from './left-running.ts';
import { beginRun, continueRun, type Prepared } from './prepare.ts';

/**
 * Runs a training run as processes of this machine: the task's `serve` (in the repository, ours) and its
 * `train` (in the run's tree, in the sandbox), joined by a pipe that carries x and nothing else. A task
 * without `serve` runs without a stream.
 */
export class LocalExecutor implements Executor {
  /** `maxOutBytes`: how large a run's `out/` may grow. `maxMemoryBytes`: how much its processes may hold. */
  constructor(private readonly limits: { maxOutBytes?: number; maxMemoryBytes?: number } = {}) {}

  /** The runs of a machine would share its cores, or its GPU. */
  slots(): number {
    return 1;
  }

  start(request: RunRequest): Promise<RunHandle> {
    return beginRun(request, (run) => this.#launch(request, run));
  }

  /**
   * Resumes a run that was ended or killed, in its own folder, from what its trainer saved last: the same
   * tree and arguments, and the stream from the next batch. Where nothing was saved the run begins anew, if
   * `orAnew` is set.
   * @throws UserError where the run cannot be resumed.
   */
  async resume(request: ResumeRequest): Promise<RunHandle> {
    refuseRunning(request.dir);
    return continueRun(request, (run) => this.#launch(request, run));
  }

  isRunning(dir: string): boolean {
    return trainerOf(dir) !== null;
  }

  goesOn(): boolean {
    return false;
  }

  endLeft(dir: string): Promise<boolean> {
    return endLeft(dir);
  }

  async #launch(request: Omit<Launch, keyof Prepared>, run: Prepared): Promise<RunHandle> {
    const { record, dir, earlier } = run;
    const processes = await launch({ ...request, ...run });
    const { trainer, service } = processes;
    noteProcesses(dir, [trainer, ...(service ? [service] : [])]);
    return follow({ ...this.limits, repo: request.repo, record, dir, ...processes, earlier });
  }
}
