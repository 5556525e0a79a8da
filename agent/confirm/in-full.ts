import { join } from 'node:path';
import { writeJsonAtomic } from '#contract/atomic';
import type { InFull } from '#contract/confirmed';
import { specOf } from '#contract/run';
import type { Sprint, SprintRun } from '#contract/sprint';
import { guardsOf } from '#contract/task';
import type { Sandbox } from '#host/sandbox';
import { mayConfirm } from '../budget/may-confirm.ts';
import { fits } from '../budget/pace.ts';
import { paceNow, runsSoFar } from '../budget/plan.ts';
import type { Stopper } from '../budget/stop.ts';
import { nightSecondsLeft } from '../budget/time-left.ts';
import { committed } from '../common/paths.ts';
import type { Timer } from '../common/timer.ts';
import { show } from '../common/words.ts';
import type { Config } from '../config/config.ts';
import { inSlot } from '../devices/in-slot.ts';
import type { DevicePool } from '../devices/pool.ts';
import type { Executor } from '../executor/executor.ts';
import { changedAmong, commitPaths } from '../git/git.ts';
import type { Checkout } from '../git/run-branch.ts';
import type { Journal } from '../journal/journal.ts';
import { bestOf, type Ledger } from '../ledger/ledger.ts';
import type { Connection } from '../researcher/connection.ts';
import { atATime, placeOf } from './how.ts';
import { measureOn } from './measure.ts';
import { deciding, shownAll } from './pairs.ts';
import type { SecretStore } from './store.ts';
import { toCheck } from './to-check.ts';

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
  secrets: SecretStore | null;
}

/** The best that was confirmed by shorter runs, and not in full yet; null where there is none. */
function open({ config, ledger }: LoopParts): { sprint: Sprint; run: SprintRun } | null {
  const { confirm, budgets } = config.profile;
  if (confirm === false || (confirm.samples ?? budgets.full) >= budgets.full) return null;
  const sprint = bestOf(ledger.sprints, config.leaderboard);
  const run = sprint?.runs.find(({ id }) => id === sprint.candidate);
  return sprint?.confirmed && !sprint.inFull && run ? { sprint, run } : null;
}

/** Commits a record that a crash kept from being committed: nothing else would ever commit it. */
export async function commitLeft({
  checkout: { git },
  config,
  ledger,
}: Pick<LoopParts, 'checkout' | 'config' | 'ledger'>): Promise<void> {
  const records = ledger.sprints.filter(({ inFull }) => inFull).map(({ id }) => committed.inFull(id));
  const left = records.length === 0 ? [] : await changedAmong(git, records);
  if (left.length > 0)
    await commitPaths(git, left, `What the best gave in full on a ${config.task.contract.secret.one}`);
}

/**
 * Whether the time is about to become too short for what the end of a night measures: after it no other full
 * run fits.
 */
export function lastForBest(loop: LoopParts): boolean {
  const { profile } = loop.config;
  const due = open(loop) ?? (loop.secrets && toCheck(loop, loop.secrets));
  const pace = paceNow(loop, runsSoFar(loop, []));
  return due !== null && pace !== null && fits(profile.budgets.full, pace) === 1;
}

/**
 * Trains the best of the night to its full budget on a secret world, has it judged there, and commits what it
 * gave beside its sprint. Null where there is nothing to measure, or no time for it. A run that comes to no
 * result is recorded as that.
 */
export async function measureInFull(loop: LoopParts): Promise<Sprint | null> {
  const { config, secrets, checkout, journal, ledger, stopper, timer } = loop;
  const found = secrets && open(loop);
  const { confirm, budgets, evaluation } = config.profile;
  const { one } = config.task.contract.secret;
  if (!found || confirm === false || stopper.requested()) return null;
  const { sprint, run } = found;
  const how = { ...confirm, samples: budgets.full, like: [run], ...atATime(loop, 1) };
  const no = mayConfirm(loop, how, 1, runsSoFar(loop, []));
  if (no) {
    journal.notice(`the best is not trained in full on a ${one}: ${no.reason}`);
    return null;
  }
  journal.notice(`the best, sprint ${sprint.number}, is trained in full on a ${one}`);
  const rows = confirm.rows ?? evaluation.verdict;
  const began = performance.now();
  const signal = stopper.soft;
  const spec = { ...specOf(run), samples: budgets.full };
  const line = await inSlot(placeOf(loop), signal, (place) =>
    measureOn(loop, secrets, {
      ...{ spec, draw: secrets.fresh, rows, as: 'best', place, signal },
      timeoutSeconds: Math.max(1, nightSecondsLeft(loop)),
    }),
  );
  timer.add('confirming', (performance.now() - began) / 1000);
  if (!line) return null;
  const { contract } = config.task;
  const names = deciding({ ...contract, guards: guardsOf(config.task, config.profile) });
  const inFull: InFull = {
    ...{ version: 1, key: secrets.of.hash, draw: line.draw, world: line.world },
    ...{ samples: budgets.full, rows, at: new Date().toISOString() },
    metrics: 'metrics' in line.result ? shownAll(line.result.metrics, names) : {},
  };
  const path = committed.inFull(sprint.id);
  writeJsonAtomic(join(config.repo, path), inFull);
  const { metric } = contract;
  const gave =
    inFull.metrics[metric] === undefined ? 'no result' : `${metric} ${show(inFull.metrics[metric])}`;
  journal.notice(`in full on a ${one}, the best has ${gave}`);
  const body = `Its ${budgets.full} samples on ${one} ${line.draw} gave ${gave}.`;
  await commitPaths(checkout.git, [path], `Sprint ${sprint.number}, in full on a ${one}`, body);
  const whole = { ...sprint, inFull };
  ledger.add(whole);
  return whole;
}
