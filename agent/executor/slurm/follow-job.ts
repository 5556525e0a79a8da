import { lstatSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeJsonAtomic } from '#contract/atomic';
import type { Slurm } from '#contract/executor';
import type { Progress, RunRecord } from '#contract/run';
import { lastWord } from '#host/last-word';
import { dropTree } from '#host/tree';
import { readUntrusted } from '#host/untrusted';
import { inJob, inRun } from '../../common/paths.ts';
import { messageOf } from '../../common/words.ts';
import type { RunHandle } from '../executor.ts';
import { ProgressTail } from '../progress.ts';
import { runRef } from '../run-id.ts';
import { askAgain } from './again.ts';
import { sacct } from './commands.ts';
import { type Facts, nextOf, type Outcome } from './ending.ts';
import { type Asked, dropJob, type Ended, readBegan, readEnded } from './files.ts';
import { Stopping } from './stopping.ts';
import { submit } from './submit.ts';
import type { QueueWatch } from './watch.ts';

/** How often a job is looked at, and how long a shared file system may lag. */
export interface Pace {
  pollMs: number;
  lagSeconds: number;
  /** For tests: how the end of a job is seen. */
  readEnded?: typeof readEnded;
}

export interface JobRun {
  repo: string;
  record: RunRecord;
  dir: string;
  asked: Asked;
  /** Null where Slurm has not said yet whether it took the job. */
  id: string | null;
  slurm: Slurm;
  watch: QueueWatch;
  pace: Pace;
}

const DEFAULT_GRACE_SECONDS = 10;

/** Watches a run that is a job until it ends, in this job or in those that go on from it. */
export function followJob(run: JobRun): RunHandle {
  const { repo, record, dir } = run;
  const onProgress = new Set<(progress: Progress) => void>();
  const onWaiting = new Set<(reason: string | null) => void>();
  let waits: string | null | undefined;
  const following = new Following(run, (reason) => {
    if (reason === waits) return;
    waits = reason;
    for (const listener of onWaiting) listener(reason);
  });
  const tail = new ProgressTail(inRun(dir).progress);
  const timer = setInterval(() => {
    for (const progress of tail.read()) for (const listener of onProgress) listener(progress);
  }, run.pace.pollMs);
  const ending = following.toEnd();
  const done = ending.then(({ outcome, ended }) => {
    clearInterval(timer);
    for (const progress of tail.read()) for (const listener of onProgress) listener(progress);
    const { startedAt, machine, seconds, rowsServed } = ended?.record ?? record;
    const counted = { startedAt, machine, rowsServed, seconds: seconds ?? following.seconds };
    const complete: RunRecord = { ...record, ...counted, ...outcome, endedAt: new Date().toISOString() };
    try {
      writeJsonAtomic(inRun(dir).record, complete);
    } catch (error) {
      complete.reason = `${complete.reason ?? ''}; run.json could not be written (${messageOf(error)})`;
    }
    return complete;
  });
  return {
    id: record.id,
    dir,
    done,
    refusal: Promise.all([ending, done]).then(([{ ended }]) => ended?.refusal ?? null),
    async discard() {
      await done;
      rmSync(dir, { recursive: true, force: true });
      await dropTree({ repo, ref: runRef(record.id) });
    },
    async stop(reason, { by = 'user', graceSeconds = DEFAULT_GRACE_SECONDS } = {}) {
      following.stop({ reason, by }, graceSeconds);
      return done;
    },
    onProgress(listener) {
      onProgress.add(listener);
      return () => onProgress.delete(listener);
    },
    onWaiting(listener) {
      onWaiting.add(listener);
      if (waits !== undefined) listener(waits);
      return () => onWaiting.delete(listener);
    },
  };
}

/** Follows a run from job to job. */
class Following {
  #asked: Asked;
  #id: string | null;
  #submittedAt = Date.now();
  #stopping: Stopping | null = null;
  /** When the end of the job was first seen: in the run's folder, and by Slurm. */
  #endedAt: number | null = null;
  #goneAt: number | null = null;
  /** When the last start of the job was first seen, and which one it was. */
  #began: { restart: number; seenAt: number } | null = null;
  seconds: number;

  constructor(
    private readonly run: JobRun,
    private readonly tellWaiting: (reason: string | null) => void,
  ) {
    this.#asked = run.asked;
    this.#id = run.id;
    this.seconds = run.asked.earlier.seconds;
    run.watch.add(run.asked.name);
  }

  stop(who: ConstructorParameters<typeof Stopping>[0], graceSeconds: number): void {
    this.#stopping ??= new Stopping(who, graceSeconds);
    this.#stopping.hurry(graceSeconds);
  }

  async toEnd(): Promise<{ outcome: Outcome; ended: Ended | null }> {
    const { dir, pace, watch } = this.run;
    for (;;) {
      const ended = (pace.readEnded ?? readEnded)(dir, this.#asked.name);
      const next = await this.#next(ended).catch((error: unknown) => failed(messageOf(error)));
      if (next !== 'wait') {
        watch.remove(this.#asked.name);
        const again = 'again' in next ? this.#goOn(next.again, ended) : next;
        if (again !== null) {
          // One that Slurm did not end stays noted, for the next start.
          if (!this.#stopping?.isOver) dropJob(dir);
          return { outcome: again, ended };
        }
      }
      await sleep(pace.pollMs);
    }
  }

  async #next(ended: Ended | null): Promise<ReturnType<typeof nextOf>> {
    const { watch, pace, dir } = this.run;
    const { name, until } = this.#asked;
    const known = watch.of(name);
    this.#seeBegan();
    this.#id ??= known?.seen?.id ?? readBegan(dir, name)?.id ?? null;
    if (this.#id === null) return this.#submit(known?.at ?? 0);
    const active = watch.isActive(name);
    if (ended) this.#endedAt ??= Date.now();
    if (!active) this.#goneAt ??= Date.now();
    const waiting = this.#waitsFor();
    this.tellWaiting(waiting);
    if (waiting !== null && until !== undefined && Date.now() > Date.parse(until))
      this.stop({ reason: 'it waited in the queue until the time of the loop was up', by: 'limit' }, 0);
    this.#stopping?.take(this.#id, this.#began !== null && waiting === null);
    if (this.#stopping?.isOver) {
      const { reason, by } = this.#stopping.who;
      const doubt = `Slurm did not end job ${this.#id}: it may still run`;
      return { status: 'killed', reason: `${reason}; ${doubt}`, endedBy: by };
    }
    const since = ended ? this.#endedAt : this.#goneAt;
    const overdue = since !== null && Date.now() - since > pace.lagSeconds * 1000;
    if (ended && !overdue && !this.#seesAll(ended)) return 'wait';
    const state = active ? null : (known?.seen?.state ?? (await sacct(this.#id)));
    const facts: Facts = {
      ...{ id: this.#id, ended, state, active, overdue },
      askedSince: known !== null && this.#endedAt !== null && known.at > this.#endedAt,
      stopped: this.#stopping?.who ?? null,
      said: lastWord((readUntrusted(inJob(dir).log, 1 << 20) ?? '').split('\n')),
    };
    return nextOf(facts);
  }

  /** Submits the job again where Slurm has answered since the last try, and does not know it. */
  async #submit(answeredAt: number): Promise<'wait' | Outcome> {
    if (this.#stopping)
      return { status: 'killed', reason: this.#stopping.who.reason, endedBy: this.#stopping.who.by };
    this.tellWaiting('Slurm does not answer');
    if (answeredAt <= this.#submittedAt) return 'wait';
    this.#submittedAt = Date.now();
    const { slurm, dir } = this.run;
    this.#id = await submit({ slurm, dir, asked: this.#asked });
    return 'wait';
  }

  #seeBegan(): void {
    const began = readBegan(this.run.dir, this.#asked.name);
    if (!began) return;
    this.seconds = began.seconds;
    if (this.#began?.restart !== began.restart) this.#began = { restart: began.restart, seenAt: Date.now() };
  }

  /** Why the run does not train now; null where it does. */
  #waitsFor(): string | null {
    const { watch } = this.run;
    const known = watch.of(this.#asked.name);
    const isOld = known === null || known.at < (this.#began?.seenAt ?? 0);
    if (isOld || !known.seen) {
      if (this.#began) return null;
      return watch.silentSince === null ? 'submitted' : 'Slurm does not answer';
    }
    const { state, reason } = known.seen;
    if (state === 'PENDING') return reason;
    return this.#began || !watch.isActive(this.#asked.name) ? null : state.toLowerCase();
  }

  /** Whether all that the trainer left can be seen here in its full size. */
  #seesAll({ left }: Ended): boolean {
    const { out } = inRun(this.run.dir);
    return Object.entries(left).every(
      ([name, size]) => lstatSync(join(out, name), { throwIfNoEntry: false })?.size === size,
    );
  }

  /** Has another job go on from what was saved. Returns null, or why the run ends instead. */
  #goOn(why: string, ended: Ended | null): Outcome | null {
    const { dir, watch } = this.run;
    const next = askAgain(dir, this.#asked, ended?.record?.seconds ?? this.seconds);
    if ('status' in next) return { ...next, reason: `${why}; ${next.reason}` };
    this.#asked = next;
    this.#id = null;
    this.#submittedAt = 0;
    this.#began = this.#endedAt = this.#goneAt = null;
    watch.add(next.name);
    this.tellWaiting(`${why}; it goes on in another`);
    return null;
  }
}

const failed = (reason: string): Outcome => ({ status: 'failed', reason, endedBy: 'limit' });
