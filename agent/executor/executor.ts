import type { EndedBy, Progress, Run, RunRecord, RunSpec } from '#contract/run';
import type { Task } from '#contract/task';
import type { Sandbox } from '#host/sandbox';

/** A world that no researcher knows, and where it lies. */
export interface SecretWorld {
  folder: string;
  hash: string;
}

/** A request for one training run. */
export interface RunRequest extends RunSpec {
  repo: string;
  task: Task;
  profileName: string;
  /** The sprint that the run belongs to; null for a run by hand. */
  sprint: string | null;
  /** As in the run's record; unset: the only researcher. */
  researcherId?: Run['researcherId'];
  role?: Run['role'];
  sandbox: Sandbox;
  /** The run folder; unset: `checkpoints/<run id>`. */
  out?: string;
  /** The secret world that its data come from; unset: the profile's world. */
  secretWorld?: SecretWorld;
  /** Threads of the trainer; unset: its own choice. */
  threads?: number;
  /** The GPU of this machine for its trainer and its data service; null or unset: their own choice. */
  device?: string | null;
  /** Ends the run earlier than the profile's own limit. */
  timeoutSeconds?: number;
}

/** A run that has been started. */
export interface RunHandle {
  id: string;
  /** The run folder, absolute. */
  dir: string;
  /** The completed record, as in `run.json`. Never rejects: every failure is a status and a reason. */
  done: Promise<RunRecord>;
  /**
   * The line with which the train command refused its arguments (exit code 2, nothing written), once the run
   * is done; null for a run that began.
   */
  refusal: Promise<string | null>;
  /**
   * Why the run came to nothing by no fault of its own, once it is done; null where it did not. No word of
   * its trainer or its data service. Absent where the record's `endedBy: service` alone says so.
   */
  fault?: Promise<string | null>;
  /** Removes the folder and the git reference of a run that was refused. */
  discard(): Promise<void>;
  /**
   * Ends the run with all its processes. `by`: who asked for it; `graceSeconds`: the time to save, none at 0.
   * The status becomes `killed`, unless the run has finished by then.
   */
  stop(reason: string, how?: { by?: EndedBy; graceSeconds?: number }): Promise<RunRecord>;
  /** Calls back for every well-formed line of progress from now on. Returns a function that unsubscribes. */
  onProgress(listener: (progress: Progress) => void): () => void;
  /**
   * Calls back with the reason while the run waits in the queue of a cluster, and with null when it trains:
   * at once, and with each change. Absent where a run that was started trains. Returns a function that
   * unsubscribes.
   */
  onWaiting?(listener: (reason: string | null) => void): () => void;
}

/** A run to resume: what its record does not say. */
export interface ResumeRequest
  extends Pick<RunRequest, 'repo' | 'task' | 'sandbox' | 'timeoutSeconds' | 'threads' | 'device'> {
  /** The run folder. */
  dir: string;
  /** Where nothing readable was saved, the run begins anew in its folder. Unset: such a run is refused. */
  orAnew?: boolean;
}

/**
 * Where training runs happen: processes of this machine (local.ts), or jobs of Slurm (slurm/slurm.ts).
 * Everything that a later start has to know of a run is in the run's folder.
 */
export interface Executor {
  /** How many runs of a task it holds at the same time, so that each of them trains. */
  slots(task: Task): number;
  /** @throws UserError for a request that cannot be started; then nothing is left behind. */
  start(request: RunRequest): Promise<RunHandle>;
  /** @throws UserError for a run that cannot be resumed; the run then stays as it was. */
  resume(request: ResumeRequest): Promise<RunHandle>;
  /** Whether the run of this folder is training or waits in a cluster's queue, whoever started it. */
  isRunning(dir: string): boolean;
  /** Whether that run goes on without who started it: `resume` then follows it, and starts nothing. */
  goesOn(dir: string): boolean;
  /** Ends the processes of a run whose starter is gone. Returns whether one still ran. */
  endLeft(dir: string): Promise<boolean>;
}
