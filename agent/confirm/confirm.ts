import type { Confirmed } from '#contract/confirmed';
import { budgetOf } from '#contract/noise';
import { specOf } from '#contract/run';
import type { Sprint, SprintRun } from '#contract/sprint';
import type { Sandbox } from '#host/sandbox';
import { mayConfirm } from '../budget/may-confirm.ts';
import { whilePaused } from '../budget/pause.ts';
import { runsSoFar } from '../budget/plan.ts';
import type { Stopper } from '../budget/stop.ts';
import { nightSecondsLeft } from '../budget/time-left.ts';
import type { Timer } from '../common/timer.ts';
import type { Config } from '../config/config.ts';
import { inSlots } from '../devices/in-slot.ts';
import type { DevicePool, Slot } from '../devices/pool.ts';
import type { Executor } from '../executor/executor.ts';
import type { Checkout } from '../git/run-branch.ts';
import type { Journal } from '../journal/journal.ts';
import type { Rules } from '../ledger/decide.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Connection } from '../researcher/connection.ts';
import { drawAhead } from './draw-ahead.ts';
import { Evidence, type Job, type Shown } from './evidence.ts';
import { bringTree, type How, howOf, placeOf } from './how.ts';
import { measureOn, OwnFault } from './measure.ts';
import { orderOf, shown } from './pairs.ts';
import type { SecretStore } from './store.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Config;
  connection: Connection;
  sandbox: Sandbox;
  executor: Executor;
  checkout: Checkout;
  journal: Journal;
  ledger: Ledger;
  ownDevices: DevicePool;
  timer: Timer;
  stopper: Stopper;
}

/** A verified gain: the candidate's run, the sprint of the best, and what decides. */
export interface Gain {
  sprint: string | null;
  run: SprintRun;
  best: Sprint | undefined;
  rules: Rules;
  /** The runs that the sprint has started. */
  started: readonly string[];
}

/**
 * `stopped`: the loop is asked to stop, and the next start goes on with the same worlds. `untried`: the time
 * or another limit does not allow it.
 */
export type Ended =
  | { state: 'stopped' }
  | { state: 'untried'; reason: string }
  | { state: 'done'; confirmed: Confirmed };

/**
 * Trains candidate and best afresh on secret worlds, in pairs on the same world and seed, judges them there,
 * and decides by `standingOf`. What the best gave as a candidate is used again, for half of the worlds at
 * most, and it is trained there once more: code that looks at the clock shows itself. A candidate that falls
 * behind is dropped before its last pair.
 */
export async function confirm(loop: LoopParts, store: SecretStore, gain: Gain): Promise<Ended> {
  const began = performance.now();
  const ended = await tryToConfirm(loop, store, gain).catch(untriedByOurFault);
  const seconds = (performance.now() - began) / 1000;
  loop.timer.add('confirming', seconds);
  if (ended.state !== 'done') return ended;
  if (gain.sprint !== null) store.decided({ sprint: gain.sprint, pairs: ended.pairs });
  // In tens: the time of a run is in the hands of its code too.
  const confirmed = { ...ended.confirmed, seconds: Math.round(seconds / 10) * 10 };
  const { result, reason } = confirmed;
  loop.journal.emit({ type: 'confirm.finished', sprint: gain.sprint, run: gain.run.id, result, reason });
  return { state: 'done', confirmed };
}

/** A fault of our own costs the candidate no try: it is held, and can be put forward again. */
function untriedByOurFault(error: unknown): Extract<Ended, { state: 'untried' }> {
  if (!(error instanceof OwnFault)) throw error;
  return { state: 'untried', reason: `${error.message} twice, by no fault of the candidate` };
}

async function tryToConfirm(
  loop: LoopParts,
  store: SecretStore,
  gain: Gain,
): Promise<Exclude<Ended, { state: 'done' }> | ({ state: 'done' } & Shown)> {
  const { journal, stopper } = loop;
  const how = howOf(loop);
  const evidence = new Evidence(confirmingOf(loop, store, gain, how));
  const { order, rule, specs } = evidence.of;
  const { samples } = specs.candidate;
  const like = [gain.run, ...(gain.best?.runs.filter(({ id }) => id === gain.best?.candidate) ?? [])];
  const may = (runs: number) =>
    mayConfirm(loop, { ...how, samples, like }, runs, runsSoFar(loop, gain.started))?.reason ?? null;
  const looks = how.looks.filter((look) => look <= order.length);
  const no = may(evidence.lacks(looks[0] ?? 1).length);
  if (no !== null) return { state: 'untried', reason: no };
  if (gain.best) await bringTree(loop, gain.best);
  journal.emit({
    ...{ type: 'confirm.started', sprint: gain.sprint, run: gain.run.id, nth: rule.nth },
    ...{ key: store.of.hash, best: gain.best?.id ?? null, pairs: order.length },
  });
  let over: string | null = null;
  for (const look of looks) {
    for (let jobs = evidence.lacks(look); jobs.length > 0; jobs = evidence.lacks(look)) {
      over = may(jobs.length);
      if (over !== null) break;
      await makeRuns(loop, how, { evidence, jobs, gain });
      if (stopper.requested() !== null || evidence.verdict(null) !== null) break;
    }
    const stopped = stopper.requested() !== null;
    const last = look === looks.at(-1) && !stopped ? 'that was the last one' : null;
    const decided = evidence.verdict(over ?? last);
    if (decided) return { state: 'done', ...decided };
    if (stopped) return { state: 'stopped' };
  }
  return { state: 'untried', reason: `there is no pair of runs to decide by: ${over ?? 'the time ran out'}` };
}

function confirmingOf(
  { config, ledger }: LoopParts,
  store: SecretStore,
  { run, best, rules }: Gain,
  how: How,
): Evidence['of'] {
  const { profile, leaderboard } = config;
  const incumbent = best?.runs.find(({ id }) => id === best.candidate);
  const specs = {
    candidate: { ...specOf(run), samples: how.samples ?? run.samples },
    best: incumbent ? { ...specOf(incumbent), samples: how.samples ?? incumbent.samples } : null,
  };
  const like = { leaderboard, rows: how.rows };
  const earlier = ledger.sprints.filter(
    ({ confirmed }) => confirmed?.key === store.of.hash && confirmed.best !== null,
  );
  const budget = budgetOf(profile.budgets, specs.candidate.samples);
  const rule = {
    ...profile.noise.unlike[budget],
    ...{ looks: how.looks, nth: 1 + earlier.length },
  };
  const before = store.plan;
  const same = before?.run === run.id && before.best === (incumbent?.id ?? null) && !before.again;
  const known = specs.best && store.measured(specs.best, like);
  const order = same ? before.order : orderOf(how.looks, known, { fresh: store.fresh, turn: rule.nth });
  // After a kill or a stop it goes on with the same worlds: another start must not draw other ones.
  store.plan = { run: run.id, best: incumbent?.id ?? null, order: [...order] };
  return { store, best, rules, rule, run: run.id, specs, like, order };
}

/** Makes runs, each in a slot of the pool and some side by side, until the pairs decide. */
async function makeRuns(
  loop: LoopParts,
  how: How,
  { evidence, jobs, gain }: { evidence: Evidence; jobs: readonly Job[]; gain: Gain },
): Promise<void> {
  const of = { ...placeOf(loop), all: jobs, perSlot: how.perSlot, signal: loop.stopper.soft };
  await inSlots(of, async (job, { signal, slot, enough }) => {
    drawAhead(loop.config, evidence.of.store, jobs, job);
    await makeRun(loop, how, { job, evidence, gain, signal, slot });
    if (evidence.verdict(null) !== null) enough();
  });
}

async function makeRun(
  loop: LoopParts,
  { rows, perSlot, most }: How,
  of: { job: Job; evidence: Evidence; gain: Gain; signal: AbortSignal; slot: Slot },
): Promise<void> {
  const { job, evidence, gain, signal, slot } = of;
  const { who, draw, again } = job;
  const { specs, store } = evidence.of;
  await whilePaused(loop, () => !signal.aborted);
  const spec = specs[who];
  if (!spec || signal.aborted) return;
  const began = performance.now();
  const line = await measureOn(loop, store, {
    ...{ spec, draw, rows, signal, as: who, again },
    place: perSlot > 1 ? { ...slot, threads: 1 } : slot,
    timeoutSeconds: Math.max(1, nightSecondsLeft(loop)),
  });
  if (!line) return;
  const { metric } = loop.config.task.contract;
  const measured = 'metrics' in line.result ? line.result.metrics[metric] : undefined;
  const value = measured === undefined ? null : shown(measured);
  const seconds = (performance.now() - began) / 1000 / most;
  loop.journal.emit({
    ...{ type: 'confirm.measured', sprint: gain.sprint, of: again === undefined ? who : 'best again' },
    ...{ draw, value, seconds },
  });
}
