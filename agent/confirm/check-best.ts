import type { Confirmed } from '#contract/confirmed';
import { budgetOf } from '#contract/noise';
import type { RunSpec } from '#contract/run';
import type { Sandbox } from '#host/sandbox';
import { checkCost } from '../budget/check-time.ts';
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
import { againOf } from '../ledger/best-again.ts';
import { brokenConstraints, type Rules } from '../ledger/decide.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Connection } from '../researcher/connection.ts';
import { gainIn } from './decide.ts';
import { type StillBest, stillBest } from './decide-again.ts';
import { bringTree, howOf, placeOf } from './how.ts';
import { lossesOf } from './losses.ts';
import { measureOn } from './measure.ts';
import { deciding, type Pair, shown, shownAll } from './pairs.ts';
import type { OnSecretWorld, SecretStore } from './store.ts';
import type { ToCheck } from './to-check.ts';

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

/** What the runs of a check came to. */
export interface Measured extends StillBest {
  /** All pairs, those of its confirming first. */
  pairs: Pair[];
  again: Confirmed['again'];
  seconds: number;
}

/** A run that the check makes: the best, the same on a world that it is known on, or the best before it. */
interface Job {
  of: 'best' | 'best again' | 'best before';
  spec: RunSpec;
  draw: number;
  again?: string;
}

/**
 * Trains the last best of a night again: on a new secret world beside the best before it, and on the world of
 * its confirming on which it gained most, on the same seed. Null where that was cut off; a later end of a
 * night goes on with the same worlds.
 * @throws OwnFault
 */
export async function measureAgain(
  loop: LoopParts,
  store: SecretStore,
  of: ToCheck,
): Promise<Measured | null> {
  const { stopper, timer, journal } = loop;
  const jobs = jobsOf(store, of);
  const lacking = jobs.filter((job) => found(store, of, job) === undefined);
  const how = howOf(loop);
  const samples = of.confirmed.samples;
  const each = checkCost(of.sprint, loop.ledger.sprints, how.most)?.each;
  const no = mayConfirm(loop, { ...how, samples, each }, lacking.length, runsSoFar(loop, []));
  if (no) {
    journal.notice(`the best is not measured again: ${no.reason}`, 'warn');
    return null;
  }
  const draw = jobs.find(({ of }) => of === 'best')?.draw ?? store.fresh;
  const run = of.sprint.candidate ?? '';
  store.plan = { run, best: of.confirmed.best?.run ?? null, order: [draw], again: true };
  for (const each of [of.sprint, of.before]) if (each) await bringTree(loop, each);
  const began = performance.now();
  try {
    const all = { ...placeOf(loop), all: lacking, perSlot: how.perSlot, signal: stopper.soft };
    await inSlots(all, (job, { signal, slot }) => makeRun(loop, store, of, job, { signal, slot }));
  } finally {
    timer.add('confirming', (performance.now() - began) / 1000);
  }
  const lines = jobs.map((job) => found(store, of, job));
  if (lines.includes(undefined)) {
    // Its code may have hung until the night was over.
    if (!stopper.requested())
      journal.notice('the best is not measured again: a run did not end in time', 'warn');
    return null;
  }
  const seconds = Math.round((performance.now() - began) / 10_000) * 10;
  return { ...weighed(loop, store, of, jobs), seconds };
}

/** The runs; after a kill they are those on the same worlds. */
function jobsOf(store: SecretStore, of: ToCheck): Job[] {
  const { sprint, confirmed, specs, pairs, rules } = of;
  const run = sprint.candidate ?? '';
  const best = confirmed.best?.run ?? null;
  const worth = ({ candidate, best }: Pair) =>
    gainIn(rules.metric, rules, candidate, best ?? { [rules.metric]: 0 });
  const known = pairs.reduce((most, pair) => (worth(pair) > worth(most) ? pair : most)).draw;
  const on = (draw: number): Job[] => [
    { of: 'best', spec: specs.best, draw },
    ...(specs.before ? [{ of: 'best before' as const, spec: specs.before, draw }] : []),
  ];
  const { plan, fresh } = store;
  const same = plan?.again && plan.run === run && plan.best === best;
  const [begun] = same ? plan.order : [];
  // Since then another measurement may have taken the world.
  const mine = begun !== undefined && (begun >= fresh || on(begun).some((job) => found(store, of, job)));
  // Never alone, where runs are side by side: its code can tell that by the load of the machine.
  return [{ of: 'best again', spec: specs.best, draw: known, again: run }, ...on(mine ? begun : fresh)];
}

const found = (
  store: SecretStore,
  { like }: ToCheck,
  { spec, draw, again }: Job,
): OnSecretWorld | undefined => store.find(spec, { ...like, draw, again });

async function makeRun(
  loop: LoopParts,
  store: SecretStore,
  { confirmed, rules }: ToCheck,
  { of, spec, draw, again }: Job,
  { signal, slot }: { signal: AbortSignal; slot: Slot },
): Promise<void> {
  await whilePaused(loop, () => !signal.aborted);
  if (signal.aborted) return;
  const { perSlot, most } = howOf(loop);
  const began = performance.now();
  const line = await measureOn(loop, store, {
    ...{ spec, draw, rows: confirmed.rows, signal, as: 'best', again },
    place: perSlot > 1 ? { ...slot, threads: 1 } : slot,
    timeoutSeconds: Math.max(1, nightSecondsLeft(loop)),
  });
  if (!line) return;
  const measured = metricOf(line, rules);
  const seconds = (performance.now() - began) / 1000 / most;
  const value = measured === undefined ? null : shown(measured);
  loop.journal.emit({ type: 'confirm.measured', sprint: null, of, draw, value, seconds });
}

const metricOf = ({ result }: OnSecretWorld, { metric }: Rules): number | undefined =>
  'metrics' in result ? result.metrics[metric] : undefined;

/** What the runs say. */
function weighed(
  loop: LoopParts,
  store: SecretStore,
  of: ToCheck,
  jobs: readonly Job[],
): Omit<Measured, 'seconds'> {
  const { confirmed, specs, like, pairs: before, rules } = of;
  const { profile } = loop.config;
  const line = (name: Job['of']) => {
    const job = jobs.find((one) => one.of === name);
    return job && found(store, of, job);
  };
  const [now, again, other] = [line('best'), line('best again'), line('best before')];
  const names = deciding(rules);
  const numbers = (one: OnSecretWorld | undefined) =>
    one && 'metrics' in one.result && metricOf(one, rules) !== undefined
      ? shownAll(one.result.metrics, names)
      : null;
  const [mine, theirs] = [numbers(now), numbers(other)];
  const unpaired = mine === null || (specs.before !== null && theirs === null);
  const since: Pair[] =
    unpaired || !now
      ? []
      : [{ draw: now.draw, world: now.world, candidate: mine, best: theirs, kept: false }];
  const losses = againOf(lossesOf(store.twice(specs.best, like), rules));
  const failed = [now, again].map((one) => one && failureOf(one, rules)).find((why) => why) ?? null;
  const rule = {
    ...profile.noise.unlike[budgetOf(profile.budgets, confirmed.samples)],
    ...{ looks: howOf(loop).looks, nth: confirmed.nth },
  };
  const seen = { before, since, again: losses, beforeLost: confirmed.again ?? null, failed };
  return {
    ...stillBest(seen, rules, rule),
    pairs: [...before, ...since],
    again: losses ? { n: losses.n, loss: shown(losses.loss), less: shown(losses.less) } : undefined,
  };
}

/** Why a run of the best counts as none. */
function failureOf(line: OnSecretWorld, rules: Rules): string | null {
  if ('failed' in line.result) return `trained again, it came to no result (${line.result.failed})`;
  if (metricOf(line, rules) === undefined) return `trained again, it has no ${rules.metric}`;
  // The field alone: a declared value is the trainer's.
  const [field] = 'metrics' in line.result ? brokenConstraints(line.result, rules).split(':') : [];
  return field ? `trained again, a constraint was not met (${field})` : null;
}
