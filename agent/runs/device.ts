import { writeJsonAtomic } from '#contract/atomic';
import { type Role, type RunRecord, type RunSpec, specOf } from '#contract/run';
import { knownGpus } from '#host/machine';
import type { Sandbox } from '#host/sandbox';
import { mayStillStart } from '../budget/may-start.ts';
import { isPaused, whilePaused } from '../budget/pause.ts';
import { runsSoFar, secondsLeft } from '../budget/plan.ts';
import type { Stopper } from '../budget/stop.ts';
import { inRun } from '../common/paths.ts';
import type { Timer } from '../common/timer.ts';
import { messageOf } from '../common/words.ts';
import type { Config } from '../config/config.ts';
import type { DevicePool, Slot } from '../devices/pool.ts';
import type { RunHandle } from '../executor/executor.ts';
import type { Journal } from '../journal/journal.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Connection } from '../researcher/connection.ts';
import type { Checks } from './checks.ts';
import { LOOP_STOPPED } from './interrupted.ts';
import { type Job, type Launch, left } from './job.ts';
import { paced } from './paced.ts';
import { Snapshots } from './snapshots.ts';
import type { Verdicts } from './verdicts.ts';

/** The parts of the loop that this file uses. */
export interface LoopParts {
  config: Config;
  connection: Connection;
  sandbox: Sandbox;
  journal: Journal;
  ledger: Ledger;
  devices: DevicePool;
  timer: Timer;
  stopper: Stopper;
}

const PROGRESS_EVERY_MS = 2000;
/** How far apart one signal to all processes may reach the trainer and the loop. */
const ASKED_WITHIN_SECONDS = 2;

/**
 * Trains a sprint's runs, each in a slot of the pool: those of one researcher begin in the order of their
 * requests. A run that finishes is measured by the judge before its slot goes to the next one.
 */
export class Device {
  readonly #snapshots: Snapshots;

  constructor(
    readonly loop: LoopParts,
    readonly sprint: string | null,
    /** Ids of the runs that the sprint has started. */
    readonly started: () => readonly string[],
    readonly ahead: { checks: Checks; verdicts: Verdicts },
  ) {
    this.#snapshots = new Snapshots(loop);
  }

  /**
   * Queues a job for a slot. `waits`: none is free for it now. `started` resolves when the job was launched,
   * or was not.
   */
  hold(
    job: Job,
    spec: RunSpec,
    role: Role | undefined,
    launch: Launch,
  ): { waits: boolean; started: Promise<void> } {
    const { waits, slot, ended } = this.#inSlot(job, async (place) => {
      try {
        await started;
        if (place) await this.#finish(job, place);
      } finally {
        this.loop.journal.emit({ type: 'run.released', ticket: job.ticket });
      }
    });
    const started = slot.then((place) => this.#start(job, spec, role, launch, place));
    job.ended = ended;
    return { waits, started: started.then(() => this.#tellDropped(job)) };
  }

  /** Does something in a slot of the pool, null where the job leaves the queue before, and gives it back. */
  #inSlot(job: Job, task: (slot: Slot | null) => Promise<void>) {
    const { devices, journal } = this.loop;
    const turn = devices.ask(journal.researcherId);
    job.withdraw = turn.withdraw;
    const ended = turn.slot.then(async (slot) => {
      try {
        await task(slot);
      } finally {
        job.state = 'ended';
        if (slot) devices.release(slot);
      }
    });
    // Whoever waits for the job hears of an error; where nobody does, it must not end the process.
    ended.catch(() => {});
    return { ...turn, ended };
  }

  /**
   * Logs a queued run that is not started. A run that only the loop's own end keeps from starting stays
   * queued for the next start.
   */
  #tellDropped({ ticket, trouble, cancelled }: Job): void {
    const waits = this.loop.journal.sprint?.waiting.some((run) => run.ticket === ticket);
    const { stopper } = this.loop;
    if (trouble === null || !waits || cancelled?.by === 'loop') return;
    if (!cancelled && stopper.requested()) return;
    const reason = cancelled?.by === 'researcher' ? null : trouble;
    this.loop.journal.emit({ type: 'run.dropped', ticket, reason });
  }

  async #start(
    job: Job,
    spec: RunSpec,
    role: Role | undefined,
    launch: Launch,
    slot: Slot | null,
  ): Promise<void> {
    const { loop } = this;
    await whilePaused(loop, () => job.cancelled === null);
    if (loop.stopper.hard.aborted) job.cancelled ??= { reason: LOOP_STOPPED, by: 'loop' };
    if (job.cancelled || !slot) {
      job.trouble = `not started: ${job.cancelled?.reason ?? 'it was withdrawn'}`;
      return;
    }
    // The pause ended without a resume: the loop is asked to stop, or its time is up.
    if (isPaused(loop.config.repo)) {
      job.trouble = 'not started: the loop ends while it is paused';
      return;
    }
    // The device may have been busy for longer than expected, or the loop paused.
    const no = mayStillStart(loop, left(job, spec), runsSoFar(loop, this.started()), role);
    if (no) {
      job.trouble = `not started: ${no.reason}`;
      return;
    }
    try {
      job.handle = await launch(Math.max(1, secondsLeft(loop)), slot);
    } catch (error) {
      job.trouble = messageOf(error);
      return;
    }
    job.run = job.handle.id;
    job.state = 'running';
    this.#endWithLoop(job.handle);
    // A stop that was asked for while the run was being started.
    const cancel = cancelOf(job);
    if (cancel) void job.handle.stop(cancel.reason, { by: cancel.by });
    loop.journal.emit({
      type: 'run.started',
      run: job.run,
      ticket: job.ticket,
      sprint: this.sprint,
      role,
      ...specOf(spec),
    });
    const { run, handle } = job;
    this.#beginAhead(run, spec, role, handle);
    handle.onWaiting?.((reason) => loop.journal.emit({ type: 'run.waiting', run, reason }));
    const isLogged = paced(PROGRESS_EVERY_MS);
    job.handle.onProgress((p) => {
      if (!isLogged(p)) return;
      const { step: _, ...progress } = p;
      loop.journal.emit({ type: 'run.progress', run: job.run!, ...progress });
    });
  }

  async #finish(job: Job, place: Slot): Promise<void> {
    if (!job.handle || !job.run) return;
    const { journal, timer } = this.loop;
    const record = await this.#withLoop(job.handle);
    job.record = record;
    const { status, reason } = record;
    const seconds = (record.seconds ?? 0) - job.earlier.seconds;
    timer.add('training', seconds);
    journal.emit({ type: 'run.finished', run: job.run, status, reason, seconds });
    if (this.#leavesCores() && this.#maybeCandidate(record)) this.ahead.verdicts.begin(record);
    if (status === 'finished') await this.#measure(record.id, place);
    else await this.#snapshots.end(record.id);
  }

  /** Begins what the run's verdict and its snapshots would wait for, on what it leaves of the cores. */
  #beginAhead(run: string, spec: RunSpec, role: Role | undefined, { done }: RunHandle): void {
    if (!this.#leavesCores()) return;
    this.#snapshots.follow(run);
    if (this.#maybeCandidate({ ...spec, role })) this.ahead.checks.ahead(spec.tree, done);
  }

  /** Whether runs train on the cores of this machine alone: of a GPU they would get less. */
  #leavesCores(): boolean {
    return knownGpus() === 0 && this.loop.config.task.contract.executor.slurm === undefined;
  }

  #maybeCandidate({ samples, role }: Pick<RunRecord, 'samples' | 'role'>): boolean {
    return samples === this.loop.config.profile.budgets.full && role === undefined;
  }

  /** Ends the run when everything has to end at once, whoever waits for it. */
  #endWithLoop(handle: RunHandle): void {
    const { hard } = this.loop.stopper;
    const end = () => void handle.stop(LOOP_STOPPED, { by: 'loop' });
    if (hard.aborted) end();
    hard.addEventListener('abort', end, { once: true });
    void handle.done.then(() => hard.removeEventListener('abort', end));
  }

  /**
   * The record of a run that has ended. A container or a machine that goes down asks all processes at once to
   * end. If the loop was asked to stop as well, the run ended because the loop does.
   */
  async #withLoop(handle: RunHandle): Promise<RunRecord> {
    const record = await handle.done;
    if (record.endedBy !== 'outside') return record;
    await this.loop.stopper.sleep(ASKED_WITHIN_SECONDS);
    if (!this.loop.stopper.requested()) return record;
    const withLoop: RunRecord = { ...record, reason: LOOP_STOPPED, endedBy: 'loop' };
    writeJsonAtomic(inRun(handle.dir).record, withLoop);
    return withLoop;
  }

  /** Measures a run that had finished, in a slot as if it had just trained there. */
  measure(job: Job, run: string): void {
    job.state = 'running';
    job.ended = this.#inSlot(job, (place) => this.#measure(run, place)).ended;
    // It is measured even where its sprint ends first.
    job.withdraw = () => {};
  }

  async #measure(run: string, place: Slot | null): Promise<void> {
    const { journal, timer } = this.loop;
    await timer.time('judging', async () => {
      try {
        await this.#snapshots.measure(run, place?.device);
      } catch (error) {
        const text = `${run}: snapshots not measured: ${messageOf(error)}`;
        journal.notice(text, 'warn');
      }
    });
  }
}

/** A function, because `cancelled` may be set while a run is being started. */
const cancelOf = (job: Job): Job['cancelled'] => job.cancelled;
