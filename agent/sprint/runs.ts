import { UserError } from '#contract/errors';
import type { RunRecord } from '#contract/run';
import type { SprintRun } from '#contract/sprint';
import { snapshotTree } from '#host/tree';
import type { RunHandle } from '../executor/executor.ts';
import { type House, sprintsDir } from '../house.ts';
import { measureSnapshots } from '../judging.ts';
import { readSprints } from '../ledger.ts';
import { sprintSecondsLeft } from '../night/caps.ts';
import { speedOf } from '../night/pace.ts';
import { whilePaused } from '../night/pause.ts';
import { ToolMistake } from '../tools/paths.ts';
import type { Queue } from '../tools/queue.ts';
import type { RunExperimentInput } from '../tools/schemas.ts';
import { duration, messageOf, show } from '../words.ts';
import { type RunSpec, refuseRepeat } from './repeat.ts';
import { readSprintRun, runDir } from './run-folder.ts';

/** An experiment that was asked for. It is known by its ticket until it starts, and by its run id as well from then on. */
interface Job {
  ticket: string;
  run: string | null;
  state: 'queued' | 'running' | 'ended';
  handle: RunHandle | null;
  record: RunRecord | null;
  /** Why it never started. */
  trouble: string | null;
  cancelled: string | null;
  ended: Promise<void>;
}

const PROGRESS_EVERY_MS = 2000;

/**
 * The experiments of one sprint: one at a time on the device, in the order they were asked for, each trained from the workspace
 * as it stood when it was asked for. When a run has ended its snapshots are measured by the judge's side.
 */
export class Runs {
  readonly #jobs: Job[] = [];
  #device: Promise<void> = Promise.resolve();

  constructor(
    readonly house: House,
    readonly sprint: string | null,
    /** Runs of this sprint that have ended before: those of a sprint that is taken up again. */
    before: readonly string[] = [],
  ) {
    for (const run of before) this.#jobs.push({ ...newJob(this.#jobs.length), run, state: 'ended' });
  }

  /** Asks for an experiment from the workspace as it stands. Gives the run's id, or a ticket where the device is busy. */
  async request(
    input: RunExperimentInput,
    queue: Queue,
  ): Promise<{ id: string; queued: boolean; samples: number }> {
    const { repo, task, profile, seed, leaderboard } = this.house;
    const samples = input.samples ?? profile.budgets[input.budget ?? 'screen'];
    const sprints = readSprints(sprintsDir(repo)).filter((s) => s.leaderboard === leaderboard);
    const earlier = sprints.flatMap((s) => s.runs);
    const mine = this.started.flatMap((id) => readSprintRun(repo, id) ?? []);
    this.#refuseTooLong(samples, speedOf(mine) ?? speedOf(earlier));
    const tree = await queue.run(() => snapshotTree({ repo, folder: task.contract.workspace }));
    const spec = {
      experiment: input.experiment,
      samples,
      seed: input.seed ?? seed,
      set: input.set ?? [],
      tree,
    };
    refuseRepeat(spec, [...earlier, ...mine]);
    const queued = this.#jobs.some((job) => job.state !== 'ended');
    const { job, started } = this.#enqueue(spec);
    if (!queued) await started;
    if (job.trouble) throw new ToolMistake(job.trouble);
    return { id: job.run ?? job.ticket, queued, samples };
  }

  /** Runs one experiment to its end, measured; for the supervisor's own comparisons. */
  async complete(spec: RunSpec): Promise<RunRecord> {
    const { job } = this.#enqueue(spec);
    await job.ended;
    if (!job.record) throw new UserError(job.trouble ?? 'the run did not start');
    return job.record;
  }

  /** Waits until a run has ended, or until someone asks the loop to stop. */
  async wait(id: string): Promise<{ run: SprintRun | null; trouble: string | null; ended: boolean }> {
    const job = this.#job(id);
    const { soft } = this.house.stopper;
    await Promise.race([
      job.ended,
      new Promise<void>((resolve) => {
        if (soft.aborted) resolve();
        soft.addEventListener('abort', () => resolve(), { once: true });
      }),
    ]);
    const run = job.run === null ? null : readSprintRun(this.house.repo, job.run);
    return { run, trouble: job.trouble, ended: job.state === 'ended' };
  }

  async stop(id: string, reason: string): Promise<void> {
    const job = this.#job(id);
    job.cancelled ??= reason;
    await job.handle?.stop(reason);
    await job.ended;
  }

  /** Ends whatever runs or waits. */
  async stopAll(reason: string): Promise<void> {
    const open = this.#jobs.filter((job) => job.state !== 'ended');
    for (const job of open) job.cancelled ??= reason;
    await Promise.all(open.map((job) => job.handle?.stop(reason)));
    await Promise.all(open.map((job) => job.ended));
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

  /** No run is started that cannot end before the loop does, at the speed that was measured last. */
  #refuseTooLong(samples: number, speed: number | null): void {
    const left = this.#secondsLeft();
    if (left <= 0) throw new ToolMistake('no time is left for training');
    if (speed === null || samples / speed <= left) return;
    throw new ToolMistake(
      `${samples} samples take about ${duration(samples / speed)} at ${show(speed)} samples/s, and ${duration(left)} are left for training; at most ${Math.floor(speed * left)} samples still fit`,
    );
  }

  /** Until the end of the loop, or of the hours that training may take. */
  #secondsLeft(): number {
    const { limits, state } = this.house;
    const time = Math.min((limits.until.getTime() - Date.now()) / 1000, sprintSecondsLeft(this.house));
    if (limits.trainHours === null) return time;
    return Math.min(time, limits.trainHours * 3600 - state().trainSeconds);
  }

  #job(id: string): Job {
    const job = this.#jobs.find((j) => j.run === id || j.ticket === id);
    if (job) return job;
    const known = this.#jobs.map((j) => j.run ?? j.ticket).join(', ') || 'none yet';
    throw new ToolMistake(`no run "${id}" in this sprint; its runs: ${known}`);
  }

  #enqueue(spec: RunSpec): { job: Job; started: Promise<void> } {
    const job = newJob(this.#jobs.length);
    this.#jobs.push(job);
    const started = this.#device.then(() => this.#start(job, spec));
    job.ended = started
      .then(() => this.#finish(job))
      .finally(() => {
        job.state = 'ended';
      });
    this.#device = job.ended.catch(() => {});
    return { job, started };
  }

  async #start(job: Job, spec: RunSpec): Promise<void> {
    const { house } = this;
    await whilePaused(house, () => job.cancelled === null);
    if (job.cancelled) {
      job.trouble = `not started: ${job.cancelled}`;
      return;
    }
    const args = spec.set.flatMap((pair) => ['--set', pair]);
    try {
      job.handle = await house.executor.start({
        task: house.task,
        profileName: house.profileName,
        experiment: spec.experiment,
        args,
        samples: spec.samples,
        seed: spec.seed,
        sprint: this.sprint,
        tree: spec.tree,
        repo: house.repo,
        sandbox: house.sandbox,
        timeoutSeconds: Math.max(1, this.#secondsLeft()),
      });
    } catch (error) {
      job.trouble = messageOf(error);
      return;
    }
    job.run = job.handle.id;
    job.state = 'running';
    house.events.emit({
      type: 'run.started',
      run: job.run,
      sprint: this.sprint,
      experiment: spec.experiment,
      args: [...job.handle.args],
      tree: spec.tree,
      processes: [...job.handle.processes],
    });
    let last = 0;
    job.handle.onProgress((p) => {
      if (Date.now() - last < PROGRESS_EVERY_MS && p.samples < p.totalSamples) return;
      last = Date.now();
      const { samples, totalSamples, samplesPerSecond, etaSeconds, values } = p;
      house.events.emit({
        type: 'run.progress',
        run: job.run!,
        samples,
        totalSamples,
        samplesPerSecond,
        etaSeconds,
        values,
      });
    });
  }

  async #finish(job: Job): Promise<void> {
    if (!job.handle || !job.run) return;
    const { events, split, task, repo, sandbox } = this.house;
    const record = await job.handle.done;
    job.record = record;
    const { status, reason } = record;
    const seconds = record.seconds ?? 0;
    split.add('training', seconds);
    events.emit({ type: 'run.finished', run: job.run, status, reason, seconds });
    if (status !== 'finished') return;
    await split.time('judging', async () => {
      try {
        await measureSnapshots({ task, repo, runDir: runDir(repo, record.id), sandbox });
      } catch (error) {
        const why = messageOf(error);
        events.emit({
          type: 'loop.notice',
          level: 'warn',
          text: `${record.id}: snapshots not measured: ${why}`,
        });
      }
    });
  }
}

const newJob = (before: number): Job => ({
  ticket: `queued-${before + 1}`,
  run: null,
  state: 'queued',
  handle: null,
  record: null,
  trouble: null,
  cancelled: null,
  ended: Promise.resolve(),
});
