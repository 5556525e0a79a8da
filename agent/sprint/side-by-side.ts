import { committedTree } from '#host/tree';
import type { Config } from '../config/config.ts';
import type { Trunk } from '../git/trunk.ts';
import type { Judged } from './judge.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Pick<Config, 'repo' | 'task'>;
  trunk: Pick<Trunk, 'several'>;
}

/**
 * Says in the reason where a kept change was made beside another one, which the workspace has got meanwhile
 * and which this one replaces: ledger, report and commit then name what is left to combine.
 */
export async function toldBeside(loop: LoopParts, judged: Judged, treeBefore: string): Promise<Judged> {
  if (!loop.trunk.several || judged.keep === null) return judged;
  const { repo, task } = loop.config;
  const now = await committedTree({ repo, commit: 'HEAD', folder: task.contract.workspace });
  if (now === treeBefore || now === judged.keep) return judged;
  const reason = `${judged.reason}; it was made beside a change that the workspace has got meanwhile and that is not in this one: the two are not combined`;
  return { ...judged, reason };
}
