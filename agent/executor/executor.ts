import type { EndedBy, Progress, Run, RunRecord, RunSpec } from '#contract/run';
import type { Task } from '#contract/task';
import type { Sandbox } from '#host/sandbox';

/** One training run that is asked for. */
export interface RunRequest extends RunSpec {
  repo: string;
  task: Task;
  profileName: string;
  /** The sprint that it belongs to; null by hand. */
  sprint: string | null;
  /** As in the run's record; unset: the one researcher there is. */
  researcherId?: Run['researcherId'];
  role?: Run['role'];
  sandbox: Sandbox;
  /** The run folder; unset: `checkpoints/<run id>`. */
  out?: string;
  /** Ends the run earlier than the profile's own limit does. */
  timeoutSeconds?: number;
}

/** A run that has been started. */
export interface RunHandle {
  id: string;
  /** The run folder, absolute. */
  dir: string;
  /**
   * The completed record, as it stands in `run.json`. Never rejects: every bad end is a status and a reason.
   */
  done: Promise<RunRecord>;
  /**
   * The line with which the train command refused its arguments (exit code 2, nothing written), once the run
   * is done; null for a run that began.
   */
  refusal: Promise<string | null>;
  /** Takes back a run that was refused: its folder and its reference are removed. */
  discard(): Promise<void>;
  /**
   * Ends the run with all its processes, for whoever says so; `graceSeconds` is the time that it gets to
   * save, none at 0. Its status becomes `killed`, unless it has finished by then.
   */
  stop(reason: string, how?: { by?: EndedBy; graceSeconds?: number }): Promise<RunRecord>;
  /** Calls back for every well-formed line of progress from now on. Returns what ends that. */
  onProgress(listener: (progress: Progress) => void): () => void;
}

/** A run that has begun, to be gone on with: what its record does not say. */
export interface ResumeRequest extends Pick<RunRequest, 'repo' | 'task' | 'sandbox' | 'timeoutSeconds'> {
  /** The run folder. */
  dir: string;
  /**
   * Where nothing was saved, or nothing that can be read, the run begins anew, in its folder. Unset: that is
   * refused.
   */
  orAnew?: boolean;
}

/**
 * Where training runs happen. One implementation: a local process (local.ts). Whatever a later start has to
 * know of a run, it finds in the run's folder: another implementation may run it on another machine.
 */
export interface Executor {
  /** @throws UserError for a request that cannot be started; then nothing is left behind. */
  start(request: RunRequest): Promise<RunHandle>;
  /** @throws UserError for a run that cannot be gone on with; then it stays as it was. */
  resume(request: ResumeRequest): Promise<RunHandle>;
  /** Whether the run of this folder trains, whoever started it. */
  isRunning(dir: string): boolean;
  /** Ends what is left of a run that was started by who is gone. Tells whether there was anything to end. */
  endLeft(dir: string): Promise<boolean>;
}
