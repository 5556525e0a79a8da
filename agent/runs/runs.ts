import { UserError } from '#contract/errors';
import { type Role, type RunRecord, type RunSpec, specOf } from '#contract/run';
import type { SprintRun } from '#contract/sprint';
import type { Sandbox } from '#host/sandbox';
import { reserveRun } from '../budget/may-start.ts';
import { runsSoFar } from '../budget/plan.ts';
import type { Stopper } from '../budget/stop.ts';
import { runDir } from '../common/paths.ts';
import type { Queue } from '../common/queue.ts';
import type { Timer } from '../common/timer.ts';
import type { Config } from '../config/config.ts';
import type { SecretStore } from '../confirm/store.ts';
import type { DevicePool } from '../devices/pool.ts';
import type { Executor } from '../executor/executor.ts';
import type { Checkout } from '../git/run-branch.ts';
import type { Journal } from '../journal/journal.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Printed } from '../ledger/repeat.ts';
import { readSprintRun } from '../ledger/run-folder.ts';
import { ToolMistake } from '../requests/paths.ts';
import type { RunExperimentInput } from '../requests/schemas.ts';
import type { Connection } from '../researcher/connection.ts';
import { admit, runsOf } from './admit.ts';
import { Checks } from './checks.ts';
import { countedOn, whileCountedOn } from './counted-on.ts';
import { Device } from './device.ts';
import { cancel, endAll, orStopped } from './end.ts';
import { cutOffRuns, endedWithLoop, LOOP_STOPPED, unmeasuredRuns } from './interrupted.ts';
import { type Job, type Launch, left } from './job.ts';
import { Jobs } from './jobs.ts';
import { type AcceptedRun, type SeedAnswer, specFor, toldOf } from './request.ts';
import { standingAmong } from './standing.ts';
import { Verdicts } from './verdicts.ts';

/** The parts of the loop that this file uses. */
export interface LoopParts {
  config: Config;
  connection: Connection;
  sandbox: Sandbox;
  checkout: Pick<Checkout, 'bestKnown'>;
  executor: Executor;
  journal: Journal;
  ledger: Ledger;
  /** Where runs train; shared by all researchers. */
  devices: DevicePool;
  timer: Timer;
  stopper: Stopper;
  secrets: SecretStore | null;
}

/** The time that a trainer gets to save when the loop stops: a large model on a slow disk needs it. */
const SAVE_SECONDS = 60;

/**
 * The experiments of one sprint: accepts requests and keeps their results. Each run is trained from the
 * workspace as it stood at the request; `device.ts` runs them where a slot of the pool is free.
 */
export class Runs {
  readonly #jobs: Jobs;
  readonly #device: Device;
  readonly checks: Checks;
  readonly verdicts: Verdicts;

  constructor(
    readonly loop: LoopParts,
    readonly sprint: string | null,
    /** Runs of a resumed sprint that have ended. */
    before: readonly string[] = [],
  ) {
    this.#jobs = new Jobs(before, loop.journal.sprint);
    this.checks = new Checks(loop);
    this.verdicts = new Verdicts(loop);
    const ahead = { checks: this.checks, verdicts: this.verdicts };
    this.#device = new Device(loop, sprint, () => this.started, ahead);
  }

  /**
   * Requests a run for each seed, from the workspace as it stands or from an earlier run's code and settings.
   * The limits are checked for each run after those before it. @throws ToolMistake where none may be made.
   */
  async request(input: RunExperimentInput, queue: Queue): Promise<SeedAnswer[]> {
    const runs = runsOf(runsSoFar(this.loop, this.started));
    const runOf = (ticket: string) => this.#jobs.runOf(ticket);
    const asked = await specFor(this.loop, input, { runs, runOf, queue });
    // In the queue, so that runs of one turn start in the order of their requests.
    const { printed: spec, doubt } = await queue.run(() => toldOf(this.loop, asked));
    if (doubt !== null && input.budget === 'full' && input.samples === undefined)
      throw new ToolMistake(
        `a full run with these settings would break a rule, ${doubt}; change the settings, or give "samples" instead of a budget for a run that is not to be judged`,
      );
    const answers: SeedAnswer[] = [];
    for (const seed of input.seeds ?? [spec.seed]) {
      try {
        answers.push({ seed, run: await this.#accept({ ...spec, seed }, doubt) });
      } catch (error) {
        if (!(error instanceof ToolMistake)) throw error;
        answers.push({ seed, refused: error.message });
      }
    }
    if (answers.every(({ run }) => run === undefined)) {
      const several = answers.length > 1;
      throw new ToolMistake(
        answers.map(({ seed, refused }) => (several ? `seed ${seed}: ${refused}` : refused)).join('; '),
      );
    }
    return answers;
  }

  /** Queues a run. @throws ToolMistake where it may not be made. */
  async #accept(spec: Printed, doubt: string | null): Promise<AcceptedRun> {
    const { ticket, reference, near, nearOpen } = admit(this.loop, this.sprint, this.#jobs, spec);
    const { job, waits: queued, started } = this.#enqueue(spec, { ticket });
    const against =
      reference && this.#enqueue(reference.spec, { ...reference, role: 'incumbent' }).job.ticket;
    if (!queued) await started;
    if (job.trouble) throw new ToolMistake(job.trouble);
    return { id: job.run ?? job.ticket, queued, samples: spec.samples, against, doubt, near, nearOpen };
  }

  /**
   * Resumes the runs that ended because the loop did, each in its own folder, from what its trainer saved
   * last. Has finished runs measured that were not measured to the end, and queues again the runs that waited
   * for the device.
   */
  goOn(): void {
    const {
      config: { repo, task, profile },
      sandbox,
      executor,
    } = this.loop;
    for (const { id, spec, role, earlier } of cutOffRuns({ repo, executor }, this.started, profile)) {
      const job = this.#jobs.get(id);
      Object.assign(job, { spec, earlier, state: 'queued' });
      const { samples } = left(job, spec);
      reserveRun(this.loop, { sprint: this.sprint, ticket: job.ticket, spec, role, left: samples });
      const dir = runDir(repo, id);
      void this.#device.hold(job, spec, role, (timeoutSeconds, place) =>
        executor.resume({ repo, task, sandbox, dir, timeoutSeconds, orAnew: true, ...place }),
      );
      // One that goes on by itself, and that the loop may not follow any more.
      job.ended = job.ended.finally(async () => {
        if (job.handle === null && executor.goesOn(dir)) await executor.endLeft(dir);
      });
    }
    for (const id of unmeasuredRuns(repo, this.started)) this.#device.measure(this.#jobs.get(id), id);
    for (const run of this.loop.journal.sprint?.waiting ?? [])
      if (run.dropped === null)
        this.#enqueueOwn(specOf(run), { ticket: run.ticket, role: run.role, stood: true });
  }

  /** Begins or queues a run that the supervisor wants, and returns its ticket. */
  begin(spec: RunSpec, role?: Role): string {
    return this.#enqueueOwn(spec, { ticket: this.#jobs.freshTicket(), role }).ticket;
  }

  /** Runs one experiment to its end and has it measured; for the supervisor's own comparisons. */
  async complete(spec: RunSpec): Promise<RunRecord> {
    const job = this.#enqueueOwn(spec);
    await job.ended;
    if (!job.record) throw new UserError(job.trouble ?? 'the run did not start');
    return job.record;
  }

  /** Waits until a run has ended, or until the loop is asked to stop without letting the run finish first. */
  async wait(id: string): Promise<{ run: SprintRun | null; trouble: string | null; ended: boolean }> {
    const job = this.#jobs.get(id);
    await orStopped(this.loop.stopper, job.ended);
    const run = job.run === null ? null : readSprintRun(this.loop.config.repo, job.run);
    return { run, trouble: job.trouble, ended: job.state === 'ended' };
  }

  async stop(id: string, reason: string): Promise<void> {
    await endAll([this.#jobs.get(id)], reason, 'researcher');
  }

  /**
   * Ends all runs that train or wait, because the sprint ends. A run of the best that another researcher
   * counts on ends by itself first.
   */
  async stopAll(reason: string): Promise<void> {
    const { hard } = this.loop.stopper;
    const end = (jobs: readonly Job[]) => endAll(jobs, reason, hard.aborted ? 'loop' : 'sprint');
    const kept = countedOn(this.loop, this.#jobs.unended);
    await end(this.#jobs.unended.filter((job) => !kept.includes(job)));
    await whileCountedOn(this.loop, kept);
    await end(this.#jobs.unended);
  }

  /**
   * Called when the loop is asked to stop. A run that trains is ended with time to save, so that the next
   * start resumes it, or may finish first if that was asked for. Queued runs wait for the next start. Returns
   * whether a run did not end, so that the sprint has to stay open.
   */
  async park(): Promise<boolean> {
    const open = this.#jobs.unended;
    const waiting = open.filter((job) => job.state === 'queued');
    for (const job of waiting) cancel(job, { reason: LOOP_STOPPED, by: 'loop' });
    await orStopped(this.loop.stopper, Promise.all(open.map((job) => job.ended)));
    await endAll(open, LOOP_STOPPED, 'loop', SAVE_SECONDS);
    return waiting.length > 0 || open.some(({ record }) => record !== null && endedWithLoop(record));
  }

  /** Ends what has begun ahead for a verdict. */
  endAhead(): void {
    this.checks.end();
    this.verdicts.end();
  }

  /** How a run compares at its stage of the profile, in words; empty where the budgets are not stages. */
  standing(run: SprintRun): string {
    return standingAmong(this.loop, this.started, run);
  }

  /** Ids of the runs that were started, in order. */
  get started(): string[] {
    return this.#jobs.started;
  }

  /** What the runs train that wait or train, each with its id or its ticket. */
  get openSpecs(): { id: string; spec: RunSpec }[] {
    return this.#jobs.openSpecs;
  }

  get open(): string[] {
    return this.#jobs.unended.map((job) => job.run ?? job.ticket);
  }

  /** The run's id for an id or a ticket. @throws ToolMistake that lists the ids there are. */
  resolve(id: string): string {
    const { run, ticket } = this.#jobs.get(id);
    return run ?? ticket;
  }

  /** Queues a run that does not pass the gate; the device is reserved for it all the same. */
  #enqueueOwn(spec: RunSpec, place: Place = { ticket: this.#jobs.freshTicket() }): Job {
    const { ticket, role } = place;
    reserveRun(this.loop, { sprint: this.sprint, ticket, spec, role });
    return this.#enqueue(spec, place).job;
  }

  /** Queues a run that the device is reserved for. */
  #enqueue(
    spec: RunSpec,
    { ticket, role, stood }: Place,
  ): { job: Job; waits: boolean; started: Promise<void> } {
    const { loop, sprint } = this;
    const job = this.#jobs.add(spec, ticket);
    const { repo, task, profileName } = loop.config;
    const { sandbox } = loop;
    const { researcherId } = loop.journal;
    const common = { repo, task, profileName, sandbox, ...specOf(spec), sprint, role, researcherId };
    const launch: Launch = (timeoutSeconds, place) =>
      loop.executor.start({ ...common, timeoutSeconds, ...place });
    const { waits, started } = this.#device.hold(job, spec, role, launch);
    if (waits && !stood) loop.journal.emit({ type: 'run.queued', sprint, ticket, ...specOf(spec), role });
    return { job, waits, started };
  }
}

/** The place of a run in the queue. */
interface Place {
  ticket: string;
  role?: Role;
  /** The run was queued before the loop was stopped. */
  stood?: boolean;
}
