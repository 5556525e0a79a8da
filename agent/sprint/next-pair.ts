import type { Pair } from '#contract/combining';
import type { Sprint } from '#contract/sprint';
import { snapshotTree } from '#host/tree';
import { mayRepeat } from '../budget/may-start.ts';
import { runsSoFar } from '../budget/plan.ts';
import type { Config } from '../config/config.ts';
import type { Checkout } from '../git/run-branch.ts';
import type { Journal } from '../journal/journal.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { leftOut, notMerged } from '../ledger/left-out.ts';
import type { Connection } from '../researcher/connection.ts';
import { mergePair } from './merge-pair.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Config;
  connection: Connection;
  checkout: Checkout;
  journal: Journal;
  ledger: Ledger;
}

/**
 * The two gains that the loop puts together next, in the workspace as it stands; null where there are none,
 * or not now. One pair at a time, so that the next one is merged with what this one gave.
 */
export async function nextPair(loop: LoopParts): Promise<Pair | null> {
  const { config, ledger, journal } = loop;
  const { repo, task, leaderboard, profile, seed } = config;
  if (Object.values(journal.state().sprints).some(({ combines }) => combines !== null)) return null;
  const pairs = leftOut(ledger.of(leaderboard), config);
  if (pairs.length === 0) return null;
  const tree = await snapshotTree({ repo, folder: task.contract.workspace });
  for (const pair of pairs) {
    const merging = await mergePair(loop, pair, tree);
    if (merging.kind === 'trouble') return pair;
    if (merging.kind === 'same') continue;
    const full = { ...merging.spec, seed, samples: profile.budgets.full };
    if (mayRepeat(loop, [full], runsSoFar(loop, [])) === null) return pair;
  }
  return null;
}

/** The sprint whose two gains a researcher is asked to combine, since the loop could not; undefined: none. */
export function nextHanded({ config, ledger, journal }: LoopParts): Sprint | undefined {
  const open = Object.values(journal.state().sprints).map(({ handed }) => handed);
  return notMerged(ledger.of(config.leaderboard)).find(({ id }) => !open.includes(id));
}
