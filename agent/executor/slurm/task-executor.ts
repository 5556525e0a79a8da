import type { Task } from '#contract/task';
import type { Executor, ResumeRequest, RunHandle, RunRequest } from '../executor.ts';
import { LocalExecutor } from '../local.ts';
import { SlurmExecutor } from './slurm.ts';

/**
 * Runs each training run where its TASK.md says (`executor`). Runs on secret worlds stay on this machine,
 * unless nodes can get their rows from here: a world must not lie on a file system that others read.
 */
export class TaskExecutor implements Executor {
  readonly #slurm = new SlurmExecutor();
  readonly #local = new LocalExecutor();

  slots(task: Task): number {
    return (task.contract.executor.slurm ? this.#slurm : this.#local).slots(task);
  }

  async start(request: RunRequest): Promise<RunHandle> {
    const { slurm } = request.task.contract.executor;
    const isJob = slurm !== undefined && (!request.secretWorld || slurm.rowsFrom !== undefined);
    return (isJob ? this.#slurm : this.#local).start(request);
  }

  async resume(request: ResumeRequest): Promise<RunHandle> {
    const isJob = request.task.contract.executor.slurm !== undefined || this.#slurm.goesOn(request.dir);
    return (isJob ? this.#slurm : this.#local).resume(request);
  }

  isRunning(dir: string): boolean {
    return this.#slurm.isRunning(dir) || this.#local.isRunning(dir);
  }

  goesOn(dir: string): boolean {
    return this.#slurm.goesOn(dir);
  }

  async endLeft(dir: string): Promise<boolean> {
    const isJob = this.#slurm.goesOn(dir);
    return (isJob ? this.#slurm : this.#local).endLeft(dir);
  }
}
