import type { RunRecord } from '#contract/run';
import type { Verdict } from '#contract/verdict';
import type { Sandbox } from '#host/sandbox';
import type { Stopper } from '../budget/stop.ts';
import { runDir } from '../common/paths.ts';
import type { Config } from '../config/config.ts';
import { type JudgeRequest, judgeRun } from '../executor/judging.ts';
import { type Ahead, judgeAhead } from '../executor/judging-ahead.ts';
import { bestBound, noBest, type Rules, rulesOf } from '../ledger/decide.ts';
import { bestVerdicts, type Ledger } from '../ledger/ledger.ts';
import { RowKeys } from './row-keys.ts';

/** The parts of the loop that this file uses. */
export interface LoopParts {
  config: Config;
  ledger: Ledger;
  sandbox: Sandbox;
  stopper: Stopper;
  /** Null where the task has no secret worlds. */
  secrets: object | null;
}

/** Of a run that trained longer, the start of a judge is a small part. */
const SHORT_SECONDS = 120;
/** How long a judge that has measured waits for its question: it is one process that does nothing. */
const KEPT_MS = 600_000;

/** By what a verdict is weighed now; `verdict` null: before there is one. */
export function rulesNow({ config, ledger, secrets }: LoopParts, verdict: Verdict | null): Rules {
  const { task, profile, leaderboard } = config;
  const bests = bestVerdicts(ledger.sprints, leaderboard);
  // What is about equal goes to the secret worlds too, or small gains would be lost; stages have chosen
  // already.
  const counts = profile.staged ? 0 : -profile.noise.full;
  const confirms = profile.confirm !== false && secrets !== null;
  return { ...rulesOf(task, profile, bests, verdict), ...(confirms && { counts }) };
}

/** Verdicts on candidates. The judge of one may begin when its run ends, and wait until it is asked. */
export class Verdicts {
  /**
   * One key for all judges of a run: else an encoder that fails where its rows are unlucky, or a run that is
   * put forward late, would get a second draw.
   */
  readonly #keys = new RowKeys();
  #begun: { run: string; bound: number | undefined; judge: Ahead<Verdict>; timer: NodeJS.Timeout } | null =
    null;

  constructor(
    private readonly loop: LoopParts,
    private readonly judge = { ahead: judgeAhead, now: judgeRun },
  ) {}

  /** Begins for a run that has ended and may be the candidate, where that saves much of its time. */
  begin({ id, seconds, from, status }: RunRecord): void {
    if (!this.loop.config.task.contract.judgeAhead || (seconds ?? 0) > SHORT_SECONDS) return;
    if (status !== 'finished' || from !== undefined) return;
    this.end();
    const request = this.#requestFor({ id, from });
    const timer = setTimeout(() => this.end(), KEPT_MS).unref();
    this.#begun = { run: id, bound: request.bound, judge: this.judge.ahead(request), timer };
  }

  /** The verdict on a run. @throws JudgeError where it cannot be measured; no judge is then asked again. */
  async of(run: { id: string; from?: string | undefined }): Promise<Verdict> {
    const request = this.#requestFor(run);
    const begun = this.#begun;
    const fits = begun?.run === run.id && begun.bound === request.bound;
    // A judge that was ended after it was asked would give nothing.
    clearTimeout(begun?.timer);
    if (!fits) this.end();
    const verdict = fits ? await begun.judge.now() : null;
    return verdict ?? this.judge.now(request);
  }

  /** Ends a judge that waits. */
  end(): void {
    clearTimeout(this.#begun?.timer);
    void this.#begun?.judge.end();
    this.#begun = null;
  }

  #requestFor({ id, from }: { id: string; from?: string | undefined }): JudgeRequest {
    const { config, sandbox, stopper } = this.loop;
    const { task, repo } = config;
    const bound = from === undefined ? bestBound(rulesNow(this.loop, null)) : noBest(task.contract.goal);
    const drawn = task.contract.judgeAhead && { drawn: { key: this.#keys.of(id) } };
    return { task, repo, runDir: runDir(repo, id), sandbox, bound, signal: stopper.hard, ...drawn };
  }
}
