import type { Sprint } from '#contract/sprint';
import type { Confirm } from '#contract/task';
import { committedTree } from '#host/tree';
import { committed } from '../common/paths.ts';
import type { Config } from '../config/config.ts';
import { commitOf } from '../git/git.ts';
import type { Checkout } from '../git/run-branch.ts';
import type { Connection } from '../researcher/connection.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Config;
  connection: Connection;
  checkout: Checkout;
}

/** How runs are made on secret worlds. Unset `samples`: as many as the run in the public world had. */
export type How = Confirm & { rows: number };

/**
 * The replay walks a known path, and is to end soon: it takes so many looks, and stacks what they leave
 * open.
 */
const REPLAY_LOOKS = 2;

export function howOf({ config, connection }: Pick<LoopParts, 'config' | 'connection'>): How {
  const { confirm, evaluation } = config.profile;
  if (confirm === false) throw new Error('the profile confirms nothing');
  const looks = connection.kind === 'offline' ? confirm.looks.slice(0, REPLAY_LOOKS) : confirm.looks;
  return { ...confirm, looks, rows: confirm.rows ?? evaluation.verdict };
}

/**
 * A clone has the commits of the sprints, but not the trees of their runs: that of a best is in its commit.
 */
export async function bringTree(
  { config: { repo, task }, checkout }: Pick<LoopParts, 'config' | 'checkout'>,
  { id }: Sprint,
): Promise<void> {
  const commit = await commitOf(checkout.git, committed.record(id));
  if (commit) await committedTree({ repo, commit, folder: task.contract.workspace });
}
