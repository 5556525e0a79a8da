import type { Confirm } from '#contract/profile';
import type { Sprint } from '#contract/sprint';
import { committedTree } from '#host/tree';
import { committed } from '../common/paths.ts';
import type { Config } from '../config/config.ts';
import type { Place } from '../devices/in-slot.ts';
import type { DevicePool } from '../devices/pool.ts';
import { commitOf } from '../git/git.ts';
import type { Checkout } from '../git/run-branch.ts';
import type { Journal } from '../journal/journal.ts';
import type { Connection } from '../researcher/connection.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Config;
  connection: Connection;
  checkout: Checkout;
  journal: Journal;
  ownDevices: DevicePool;
}

/** How runs are made on secret worlds. Unset `samples`: as many as the run in the public world had. */
export type How = Omit<Confirm, 'sideBySide'> & { rows: number } & AtATime;

/** How many runs on secret worlds train at a time. */
export interface AtATime {
  /** In one slot. Above 1, each has one thread. */
  perSlot: number;
  /** At most, where no run of another researcher trains. */
  most: number;
  /** For sure, where every other researcher has runs too. */
  sure: number;
}

/**
 * In a pool of several slots each run has one of its own. In a single slot so many runs are side by side as
 * the profile says.
 */
export function atATime(
  { config, ownDevices }: Pick<LoopParts, 'config' | 'ownDevices'>,
  sideBySide: number,
): AtATime {
  const { size } = ownDevices;
  const perSlot = size === 1 ? sideBySide : 1;
  const sure = Math.max(1, Math.floor(size / config.asked.researchers));
  return { perSlot, most: perSlot * size, sure: perSlot * sure };
}

/** Runs on secret worlds take their turn for a slot among those of the researchers. */
export const placeOf = ({ ownDevices, journal }: Pick<LoopParts, 'ownDevices' | 'journal'>): Place => ({
  devices: ownDevices,
  by: journal.researcherId,
});

/**
 * The replay walks a known path, and is to end soon: it takes so many looks, and stacks what they leave
 * open.
 */
const REPLAY_LOOKS = 2;

export function howOf(loop: Pick<LoopParts, 'config' | 'connection' | 'ownDevices'>): How {
  const { config, connection } = loop;
  const { confirm, evaluation } = config.profile;
  if (confirm === false) throw new Error('the profile confirms nothing');
  const looks = connection.kind === 'offline' ? confirm.looks.slice(0, REPLAY_LOOKS) : confirm.looks;
  const { sideBySide, ...rest } = confirm;
  return { ...rest, ...atATime(loop, sideBySide), looks, rows: confirm.rows ?? evaluation.verdict };
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
