import { setTimeout as sleep } from 'node:timers/promises';
import type { Slurm } from '#contract/executor';
import { lastWord } from '#host/last-word';
import { readUntrusted } from '#host/untrusted';
import { inJob } from '../../common/paths.ts';
import { messageOf } from '../../common/words.ts';
import { askAgain } from './again.ts';
import { type Facts, nextOf, type Outcome } from './ending.ts';
import { type Asked, dropJob, type Ended, readBegan, readEnded, seesAll } from './files.ts';
import { sacct } from './queue.ts';
import { Stopping } from './stopping.ts';
import { type Submitted, submit } from './submit.ts';
import { waitsFor } from './waits.ts';
import type { QueueWatch } from './watch.ts';

/** How often a job is looked at, and how long a shared file system may lag. */
export interface Pace {
  pollMs: number;
  lagSeconds: number;
  /** For tests: how the end of a job is seen. */
  readEnded?: typeof readEnded;
}

/** A run that is a job. */
export interface JobRun {
  dir: string;
  asked: Asked;
  submitted: Submitted;
  slurm: Slurm;
  watch: QueueWatch;
  pace: Pace;
}

const TOO_LATE = 'it waited in the queue until the time of the loop was up';
const isPast = (time: string | undefined) => time !== undefined && Date.now() > Date.parse(time);
const failed = (reason: string): Outcome => ({ status: 'failed', reason, endedBy: 'limit' });

/** Follows a run from job to job. */
export class Following {
  #asked: Asked;
  #job: Submitted;
  #submittedAt = Date.now();
  #stopping: Stopping | null = null;
  /** When the end of the job was first seen: in the run's folder, and by Slurm. */
  #endedAt: number | null = null;
  #goneAt: number | null = null;
  /** When the last start of the job was first seen, and which one it was. */
  #began: { restart: number; seenAt: number } | null = null;
  /** Seconds for which the run has trained. */
  seconds: number;

  constructor(
    private readonly run: JobRun,
    private readonly tellWaiting: (reason: string | null) => void,
  ) {
    this.#asked = run.asked;
    this.#job = run.submitted;
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
        const outcome = 'again' in next ? this.#goOn(next.again, ended) : next;
        if (outcome !== null) {
          // One that Slurm did not end stays noted, for the next start.
          if (!this.#stopping?.isOver) dropJob(dir);
          return { outcome, ended };
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
    const id = 'id' in this.#job ? this.#job.id : (known?.seen?.id ?? readBegan(dir, name)?.id);
    if (id === undefined) return this.#submit(known?.at ?? 0);
    this.#job = { id };
    const active = watch.isActive(name);
    if (ended) this.#endedAt ??= Date.now();
    if (!active) this.#goneAt ??= Date.now();
    const silent = watch.silentSince !== null;
    const waiting = waitsFor({ known, silent, beganAt: this.#began?.seenAt ?? null });
    this.tellWaiting(waiting);
    if (waiting !== null && isPast(until)) this.stop({ reason: TOO_LATE, by: 'limit' }, 0);
    this.#stopping?.take(name, this.#began !== null && waiting === null);
    if (this.#stopping?.isOver) {
      const { reason, by } = this.#stopping.who;
      const doubt = `Slurm did not end job ${id}: it may still run`;
      return { status: 'killed', reason: `${reason}; ${doubt}`, endedBy: by };
    }
    const since = ended ? this.#endedAt : this.#goneAt;
    const overdue = since !== null && Date.now() - since > pace.lagSeconds * 1000;
    if (ended && !overdue && !seesAll(dir, ended)) return 'wait';
    const state = active ? null : (known?.seen?.state ?? (await sacct(id, name)));
    const facts: Facts = {
      ...{ id, ended, state, active, overdue },
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
    if ('waits' in this.#job) this.tellWaiting(this.#job.waits);
    if (answeredAt <= this.#submittedAt) return 'wait';
    if (isPast(this.#asked.until)) return { status: 'killed', reason: TOO_LATE, endedBy: 'limit' };
    this.#submittedAt = Date.now();
    const { slurm, dir } = this.run;
    this.#job = await submit({ slurm, dir, asked: this.#asked });
    return 'wait';
  }

  #seeBegan(): void {
    const began = readBegan(this.run.dir, this.#asked.name);
    if (!began) return;
    this.seconds = began.seconds;
    if (this.#began?.restart !== began.restart) this.#began = { restart: began.restart, seenAt: Date.now() };
  }

  /** Has another job go on from what was saved. Returns null, or why the run ends instead. */
  #goOn(why: string, ended: Ended | null): Outcome | null {
    const { dir, watch } = this.run;
    const next = askAgain(dir, this.#asked, ended?.record?.seconds ?? this.seconds);
    if ('status' in next) return { ...next, reason: `${why}; ${next.reason}` };
    this.#asked = next;
    this.#job = { waits: `${why}; it goes on in another` };
    this.#submittedAt = 0;
    this.#began = this.#endedAt = this.#goneAt = null;
    watch.add(next.name);
    this.tellWaiting(this.#job.waits);
    return null;
  }
}
