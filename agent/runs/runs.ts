import { UserError } from '#contract/errors';
import { type EndedBy, type Role, type RunRecord, type RunSpec, specOf } from '#contract/run';
import { settingsFrom } from '#contract/settings';
import type { SprintRun } from '#contract/sprint';
import type { Sandbox } from '#host/sandbox';
import { checkoutTree, snapshotTree } from '#host/tree';
import { mayStart, reserveRun } from '../budget/may-start.ts';
import { type RunsSoFar, runsSoFar, stagesOf } from '../budget/plan.ts';
import type { Stopper } from '../budget/stop.ts';
import { runDir } from '../common/paths.ts';
import type { Queue } from '../common/queue.ts';
import type { Timer } from '../common/timer.ts';
import type { Config } from '../config/config.ts';
import type { Executor } from '../executor/executor.ts';
import type { Journal } from '../journal/journal.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { nearRuns, refuseOpen, refuseRepeat, sameRun } from '../ledger/repeat.ts';
import { readSprintRun } from '../ledger/run-folder.ts';
import { referenceFor, type Stages, standingOf } from '../ledger/stages.ts';
import { ToolMistake } from '../requests/paths.ts';
import type { RunExperimentInput } from '../requests/schemas.ts';
import type { Connection } from '../researcher/connection.ts';
import { cannotCount, inWords } from '../task/foretell.ts';
import { Device, freshTicket, type Job, type Launch, left, newJob } from './device.ts';
import { cutOffRuns, endedWithLoop, LOOP_STOPPED, unmeasuredRuns } from './interrupted.ts';

/** The parts of the loop that this file uses. */
export interface LoopParts {
  config: Config;
  connection: Connection;
  sandbox: Sandbox;
  executor: Executor;
  journal: Journal;
  ledger: Ledger;
  timer: Timer;
  stopper: Stopper;
}

/** The time that a trainer gets to save when the loop stops: a large model on a slow disk needs it. */
const SAVE_SECONDS = 60;

/** A run that was accepted. */
export interface AcceptedRun {
  /** The run's id, or a ticket where the device is busy. */
  id: string;
  queued: boolean;
  samples: number;
  /** The ticket of the incumbent's run to compare with, where that run had to be queued too. */
  against: string | null;
  /** Why its verdict could not count: the constraints that its settings break. */
  doubt: string | null;
  /** Runs that it nearly repeats. */
  near: SprintRun[];
}

/** The answer for one seed of a request: a run, or why there is none. */
export type SeedAnswer = { seed: number } & (
  | { run: AcceptedRun; refused?: undefined }
  | { run?: undefined; refused: string }
);

/**
 * The experiments of one sprint: accepts requests and keeps their results. Each run is trained from the
 * workspace as it stood at the request; `device.ts` runs them one at a time.
 */
export class Runs {
  readonly #jobs: Job[] = [];
  readonly #device: Device;

  constructor(
    readonly loop: LoopParts,
    readonly sprint: string | null,
    /** Runs of a resumed sprint that have ended. */
    before: readonly string[] = [],
  ) {
    this.#device = new Device(loop, sprint, () => this.started);
    const { tickets = {}, waiting = [] } = loop.journal.state().sprint ?? {};
    // Queued runs have their tickets already.
    const taken = [...waiting, ...Object.values(tickets).map((ticket) => ({ ticket }))];
    for (const run of before) {
      const job = newJob([...this.#jobs, ...taken], tickets[run]);
      this.#jobs.push({ ...job, run, state: 'ended' });
    }
  }

  /**
   * Requests a run for each seed, from the workspace as it stands or from an earlier run's code and settings.
   * The limits are checked for each run after those before it. @throws ToolMistake where none may be made.
   */
  async request(input: RunExperimentInput, queue: Queue): Promise<SeedAnswer[]> {
    const spec = await this.#specOf(input, runsOf(runsSoFar(this.loop, this.started)), queue);
    // In the queue, so that runs of one turn start in the order of their requests.
    const doubt = await queue.run(() => this.#doubt(spec));
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
  async #accept(spec: RunSpec, doubt: string | null): Promise<AcceptedRun> {
    const { loop, sprint } = this;
    const soFar = runsSoFar(loop, this.started);
    const all = runsOf(soFar);
    refuseRepeat(spec, all);
    const open = this.#jobs.flatMap(({ state, spec, run, ticket }) =>
      state !== 'ended' && spec ? [{ id: run ?? ticket, spec }] : [],
    );
    refuseOpen(spec, open);
    const stages = stagesOf(loop, soFar);
    const missing = stages && this.#missingReference(spec, stages);
    const ticket = freshTicket(this.#jobs);
    const reference = missing && { ticket: freshTicket([...this.#jobs, { ticket }]), spec: missing };
    const no = mayStart(loop, { sprint, ticket, spec, reference }, soFar);
    if (no) throw new ToolMistake(no.reason);
    const queued = open.length > 0;
    const { job, started } = this.#enqueue(spec, { ticket });
    const against =
      reference && this.#enqueue(reference.spec, { ...reference, role: 'incumbent' }).job.ticket;
    if (!queued) await started;
    if (job.trouble) throw new ToolMistake(job.trouble);
    const near = nearRuns(spec, all);
    return { id: job.run ?? job.ticket, queued, samples: spec.samples, against, doubt, near };
  }

  /**
   * The constraints that a run breaks by its settings, in words. The constraint on samples counts only from
   * the full budget on: an earlier stage has fewer by design.
   */
  async #doubt(spec: RunSpec): Promise<string | null> {
    const { config, sandbox, stopper } = this.loop;
    const { repo, task, profile, profileName } = config;
    const { experiment, settings, samples, tree } = spec;
    const cwd = await checkoutTree({ repo, tree });
    const asked = { task, cwd, sandbox, profileName, samples, settings, experiment, signal: stopper.hard };
    const broken = await cannotCount(asked);
    return inWords(broken.filter(({ field }) => field !== 'samples' || samples >= profile.budgets.full));
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
      const job = this.#job(id);
      Object.assign(job, { spec, earlier, state: 'queued' });
      const { samples } = left(job, spec);
      reserveRun(this.loop, { sprint: this.sprint, ticket: job.ticket, spec, role, left: samples });
      const dir = runDir(repo, id);
      void this.#device.hold(job, spec, role, (timeoutSeconds) =>
        executor.resume({ repo, task, sandbox, dir, timeoutSeconds, orAnew: true }),
      );
    }
    for (const id of unmeasuredRuns(repo, this.started)) this.#device.measure(this.#job(id), id);
    for (const run of this.loop.journal.state().sprint?.waiting ?? [])
      if (run.dropped === null)
        this.#enqueueOwn(specOf(run), { ticket: run.ticket, role: run.role, stood: true });
  }

  /** Begins or queues a run that the supervisor wants, and returns its ticket. */
  begin(spec: RunSpec, role?: Role): string {
    return this.#enqueueOwn(spec, { ticket: freshTicket(this.#jobs), role }).ticket;
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
    const job = this.#job(id);
    await this.#orStopped(job.ended);
    const run = job.run === null ? null : readSprintRun(this.loop.config.repo, job.run);
    return { run, trouble: job.trouble, ended: job.state === 'ended' };
  }

  async stop(id: string, reason: string): Promise<void> {
    const job = this.#job(id);
    await this.#end([job], reason, 'researcher');
  }

  /** Ends all runs that train or wait, because the sprint ends. */
  async stopAll(reason: string): Promise<void> {
    const { hard } = this.loop.stopper;
    await this.#end(this.#unended, reason, hard.aborted ? 'loop' : 'sprint');
  }

  /**
   * Called when the loop is asked to stop. A run that trains is ended with time to save, so that the next
   * start resumes it, or may finish first if that was asked for. Queued runs wait for the next start. Returns
   * whether a run did not end, so that the sprint has to stay open.
   */
  async park(): Promise<boolean> {
    const open = this.#unended;
    const waiting = open.filter((job) => job.state === 'queued');
    for (const job of waiting) job.cancelled ??= { reason: LOOP_STOPPED, by: 'loop' };
    await this.#orStopped(Promise.all(open.map((job) => job.ended)));
    await this.#end(open, LOOP_STOPPED, 'loop', SAVE_SECONDS);
    return waiting.length > 0 || open.some(({ record }) => record !== null && endedWithLoop(record));
  }

  /** Resolves when `done` does, or when the loop is asked to stop without waiting for the run that trains. */
  async #orStopped(done: Promise<unknown>): Promise<void> {
    const { keep } = this.loop.stopper;
    let stop = () => {};
    const stopped = new Promise<void>((resolve) => {
      stop = resolve;
    });
    if (keep.aborted) stop();
    keep.addEventListener('abort', stop, { once: true });
    await Promise.race([done, stopped]);
    keep.removeEventListener('abort', stop);
  }

  /** Ends these runs, removes those that wait from the queue, and waits until all have ended. */
  async #end(jobs: readonly Job[], reason: string, by: EndedBy, graceSeconds?: number): Promise<void> {
    for (const job of jobs) job.cancelled ??= { reason, by };
    await Promise.all(jobs.map((job) => job.handle?.stop(reason, { by, graceSeconds })));
    await Promise.all(jobs.map((job) => job.ended));
  }

  get #unended(): Job[] {
    return this.#jobs.filter((job) => job.state !== 'ended');
  }

  /** How a run compares at its stage of the profile, in words; empty where the budgets are not stages. */
  standing(run: SprintRun): string {
    const soFar = runsSoFar(this.loop, this.started);
    const stages = stagesOf(this.loop, soFar);
    if (!stages) return '';
    // The incumbent's run decides about the runs that waited for it.
    const about =
      run.role === 'incumbent'
        ? soFar.mine.filter((r) => !r.role && r.samples === run.samples && r.seed === run.seed)
        : [run];
    return about.map((r) => standingOf(r, stages)).join('\n');
  }

  /** Ids of the runs that were started, in order. */
  get started(): string[] {
    return this.#jobs.flatMap((job) => (job.run === null ? [] : [job.run]));
  }

  get open(): string[] {
    return this.#jobs.filter((job) => job.state !== 'ended').map((job) => job.run ?? job.ticket);
  }

  /** The run's id for an id or a ticket. @throws ToolMistake that lists the ids there are. */
  resolve(id: string): string {
    const { run, ticket } = this.#job(id);
    return run ?? ticket;
  }

  /**
   * The spec of a request: by name from the workspace as it stands, or from an earlier run (`of`) at another
   * budget or seed.
   */
  async #specOf(input: RunExperimentInput, runs: readonly SprintRun[], queue: Queue): Promise<RunSpec> {
    const {
      config: { repo, task, profile, seed },
    } = this.loop;
    if (input.seed !== undefined && input.seeds !== undefined)
      throw new ToolMistake('give "seed" or "seeds", not both');
    const common = {
      samples: input.samples ?? profile.budgets[input.budget ?? 'screen'],
      seed: input.seed ?? seed,
    };
    if (input.of !== undefined) {
      const id = this.#jobs.find((job) => job.ticket === input.of)?.run ?? input.of;
      const run = runs.find((run) => run.id === id);
      if (!run)
        throw new ToolMistake(
          `no run "${input.of}" on this leaderboard: read_results lists the runs; or give "experiment"`,
        );
      if (input.experiment !== undefined || input.set !== undefined)
        throw new ToolMistake('"of" takes code and settings from that run; leave out "experiment" and "set"');
      return { ...specOf(run), ...common };
    }
    if (input.experiment === undefined) throw new ToolMistake('give "experiment", or a run with "of"');
    const tree = await queue.run(() => snapshotTree({ repo, folder: task.contract.workspace }));
    return { experiment: input.experiment, settings: settingsFrom(input.set ?? []), tree, ...common };
  }

  /** The incumbent's run to compare with; null where none is needed, or it is finished or queued already. */
  #missingReference(spec: RunSpec, stages: Stages): RunSpec | null {
    const reference = referenceFor(spec, stages);
    if (!reference) return null;
    const there = stages.runs.some((run) => run.status === 'finished' && sameRun(run, reference));
    const coming = this.#jobs.some(
      (job) => job.state !== 'ended' && job.spec && sameRun(job.spec, reference),
    );
    return there || coming ? null : reference;
  }

  #job(id: string): Job {
    const job = this.#jobs.find((j) => j.run === id || j.ticket === id);
    if (job) return job;
    const known = this.#jobs.map((j) => j.run ?? j.ticket).join(', ') || 'none yet';
    throw new ToolMistake(`no run "${id}" in this sprint; name one of its runs: ${known}`);
  }

  /** Queues a run that does not pass the gate; the device is reserved for it all the same. */
  #enqueueOwn(spec: RunSpec, place: Place = { ticket: freshTicket(this.#jobs) }): Job {
    const { ticket, role } = place;
    reserveRun(this.loop, { sprint: this.sprint, ticket, spec, role });
    return this.#enqueue(spec, place).job;
  }

  /** Queues a run that the device is reserved for. */
  #enqueue(spec: RunSpec, { ticket, role, stood }: Place): { job: Job; started: Promise<void> } {
    const { loop, sprint } = this;
    const waits = this.#unended.length > 0;
    const job = { ...newJob(this.#jobs, ticket), spec };
    this.#jobs.push(job);
    if (waits && !stood) loop.journal.emit({ type: 'run.queued', sprint, ticket, ...specOf(spec), role });
    const { repo, task, profileName } = loop.config;
    const { sandbox } = loop;
    const common = { repo, task, profileName, sandbox, ...specOf(spec), sprint, role };
    const launch: Launch = (timeoutSeconds) => loop.executor.start({ ...common, timeoutSeconds });
    return { job, started: this.#device.hold(job, spec, role, launch) };
  }
}

/** The place of a run in the queue. */
interface Place {
  ticket: string;
  role?: Role;
  /** The run was queued before the loop was stopped. */
  stood?: boolean;
}

const runsOf = ({ sprints, mine }: RunsSoFar): SprintRun[] => [...sprints.flatMap((s) => s.runs), ...mine];
