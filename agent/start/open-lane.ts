import { bubblewrap } from '#host/bubblewrap';
import { committedTree } from '#host/tree';
import { homeOf } from '#host/worktree';
import { laneDir } from '../common/paths.ts';
import { Timer } from '../common/timer.ts';
import { openGit } from '../git/git.ts';
import { openLaneWorktree } from '../git/lane-worktree.ts';
import { restoreWorkspace } from '../open-sprint/workspace.ts';
import { linkIgnored } from './link-ignored.ts';
import type { Loop } from './open-loop.ts';
import { laySteering } from './take-over.ts';

/**
 * The loop as a further researcher has it: its own worktree, sandbox, conversation and time; all else is
 * shared. What it had closed and committed before a crash is landed on the run branch.
 */
export async function openLane(loop: Loop, researcherId: string): Promise<Loop> {
  const { config, trunk } = loop;
  const home = homeOf(config.repo);
  const repo = laneDir(home, researcherId);
  const journal = loop.journal.by(researcherId);
  const { git, aside } = await openLaneWorktree(home, await openGit(home), repo, await trunk.tip());
  if (aside !== null)
    journal.notice(
      `the worktree of ${researcherId} was broken and is made again; its files are kept in ${aside}`,
      'warn',
    );
  trunk.add({ repo, git });
  if (journal.sprint?.closed) await trunk.land(git);
  await laySteering(repo);
  await linkIgnored(repo, config.task.contract.workspace);
  return {
    ...loop,
    ...{ config: { ...config, repo }, journal, checkout: { ...loop.checkout, git } },
    sandbox: loop.sandbox.kind === 'bubblewrap' ? bubblewrap(repo) : loop.sandbox,
    timer: new Timer(loop.timer),
  };
}

/** Completes in the first worktree what a loop of several researchers left half-done when it was killed. */
export async function catchUp(loop: Loop, before: { researchers?: number } | null): Promise<void> {
  const { config, trunk, checkout, journal } = loop;
  if ((before?.researchers ?? 1) === 1) return;
  const { repo, task } = config;
  const folder = task.contract.workspace;
  const behind = await trunk.catchUp({ repo, git: checkout.git }, folder);
  if (behind && journal.sprint === null) await layWorkspace(loop);
}

/** Lays the workspace of the branch where a researcher is about to begin. */
export async function layWorkspace({ config: { repo, task } }: Pick<Loop, 'config'>): Promise<void> {
  const folder = task.contract.workspace;
  await restoreWorkspace({ repo, folder, tree: await committedTree({ repo, commit: 'HEAD', folder }) });
}
