import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeJsonAtomic } from '#contract/atomic';
import type { BeganFrom } from '#contract/began-from';
import { committedTree, snapshotTree, treeWith } from '#host/tree';
import { homeOf } from '#host/worktree';
import { committed } from '../common/paths.ts';
import type { Timer } from '../common/timer.ts';
import { plain } from '../common/words.ts';
import type { Config } from '../config/config.ts';
import {
  bestKnown,
  commitPaths,
  dirtyFiles,
  isPrepared,
  markPrepared,
  openGit,
  rememberBestKnown,
  uncommittedFiles,
} from '../git/git.ts';
import { isOwnIdentity, OWN_IDENTITY_NOTE } from '../git/git-open.ts';
import { leaveBranch } from '../git/open-worktree.ts';
import type { Checkout } from '../git/run-branch.ts';
import type { Journal } from '../journal/journal.ts';
import { restoreWorkspace } from '../open-sprint/workspace.ts';
import type { Outputs } from '../screen/outputs.ts';
import { numbersIn, type Origin, type Start } from './origin.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Config;
  checkout: Checkout;
  journal: Journal;
  timer: Timer;
  outputs: Outputs;
}

/**
 * Prepares a new run branch. The workspace as it stands in the user's checkout, or that of an earlier night,
 * is committed and remembered as the best known; then `--start baseline` removes what is to be found. After a
 * crash between two steps the next start completes them.
 */
export async function prepareBranch(loop: LoopParts, start: Start): Promise<void> {
  const {
    checkout: { git, branch },
    timer,
  } = loop;
  await timer.time('git', async () => {
    const prepared = await isPrepared(git, branch.name);
    if (loop.checkout.bestKnown === '' && !prepared) {
      if (typeof start === 'string') await startFromUsers(loop);
      else await startFrom(loop, start);
      await rememberBestKnown(git, branch.name);
    } else if (prepared) {
      await commitWorkspace(loop);
    }
    if (!prepared && start === 'baseline') await takeOutBaseline(loop);
    if (!prepared) await markPrepared(git, branch.name);
    loop.checkout.bestKnown = (await bestKnown(git, branch.name)) ?? (await git.revparse(['HEAD'])).trim();
  });
}

/** The user's uncommitted work is part of the start; the user's checkout is not changed. */
async function startFromUsers(loop: LoopParts): Promise<void> {
  const { repo, task } = loop.config;
  const folder = task.contract.workspace;
  const home = homeOf(repo);
  const tree =
    (await uncommittedFiles(await openGit(home), folder)).length === 0
      ? await committedTree({ repo: home, commit: 'HEAD', folder })
      : await snapshotTree({ repo: home, folder });
  await restoreWorkspace({ repo, folder, tree });
  const commit = await commitWorkspace(loop);
  if (commit !== null)
    loop.journal.notice(
      `${loop.checkout.branch.name} begins with uncommitted work in ${folder}/: commit ${commit.slice(0, 9)}`,
    );
}

/**
 * The workspace of an earlier night in place of the user's, which stays as it is in the user's checkout. The
 * files of the check are the user's: that night's researcher may have changed them.
 */
async function startFrom(loop: LoopParts, origin: Origin): Promise<void> {
  const { repo, task } = loop.config;
  const { workspace, checkFiles } = task.contract;
  const paths = { paths: checkFiles, of: 'HEAD' };
  const tree =
    checkFiles.length === 0 ? origin.tree : await treeWith({ repo, commit: origin.tree, ...paths });
  await restoreWorkspace({ repo, folder: workspace, tree });
  const { words, run, sprint, researcher, verdict } = origin;
  const numbers = numbersIn(origin, task);
  const record: BeganFrom = {
    ...{ version: 1, branch: loop.checkout.branch.name, from: words, run },
    sprint: sprint && {
      ...{ number: sprint.number, title: sprint.title, outcome: sprint.outcome },
      ...{ leaderboard: sprint.leaderboard, metric: sprint.metric },
    },
    metrics: verdict?.metrics ?? {},
    // What a sprint confirmed is of its candidate.
    confirmed: (verdict?.run === sprint?.candidate && sprint?.confirmed?.candidate) || null,
  };
  mkdirSync(join(repo, dirname(committed.beganFrom)), { recursive: true });
  writeJsonAtomic(join(repo, committed.beganFrom), record);
  const commit = await commitWorkspace(loop, {
    files: [committed.beganFrom],
    subject: `Start from ${workspace}/ of ${words}`,
    body: [
      ...(sprint ? [`Sprint ${sprint.number}: "${plain(sprint.title)}" (${sprint.outcome}).`] : []),
      ...(numbers === '' ? [] : [`Verified: ${numbers}.`]),
    ].join('\n'),
    // It marks the branch as one that has the work of others.
    trailers: { ...(run && { Run: run }), ...(researcher && { Researcher: researcher }) },
  });
  const at = commit === null ? '' : `: commit ${commit.slice(0, 9)}`;
  const verified = numbers === '' ? '' : ` (${numbers})`;
  loop.journal.notice(
    `${loop.checkout.branch.name} begins with ${workspace}/ of ${plain(words)}${verified}${at}`,
  );
}

/**
 * Commits the workspace as it stands; null where it is committed already. Runs are trained from the committed
 * files, also where the user's settings (autocrlf) made the files on disk differ.
 */
async function commitWorkspace(
  { config: { repo, task }, checkout: { git }, journal }: LoopParts,
  said?: { files: string[]; subject: string; body: string; trailers: Record<string, string> },
): Promise<string | null> {
  const folder = task.contract.workspace;
  if (await isOwnIdentity(git)) journal.notice(OWN_IDENTITY_NOTE);
  const asItStands = await snapshotTree({ repo, folder });
  const there = async () => committedTree({ repo, commit: 'HEAD', folder }).catch(() => null);
  if (!said && (await there()) === asItStands) return null;
  const { files, subject, body, trailers } = said ?? {
    ...{ files: [], subject: `Start from ${folder}/ as it is in the checkout`, body: '', trailers: {} },
  };
  return commitPaths(git, [folder, ...files], subject, body, trailers, { anew: true });
}

/** Logs that the user's workspace differs: a resumed run branch takes nothing from it. */
export async function tellOtherWorkspace({
  config: { repo, task },
  checkout: { branch, bestKnown },
  journal,
}: LoopParts): Promise<void> {
  const folder = task.contract.workspace;
  const [users, ...known] = await Promise.all([
    snapshotTree({ repo: homeOf(repo), folder }).catch(() => null),
    ...[bestKnown, 'HEAD'].map((commit) => committedTree({ repo, commit, folder }).catch(() => null)),
  ]);
  if (users === null || known.includes(users)) return;
  journal.notice(
    `${folder}/ in your checkout differs from what ${branch.name} began with; the loop uses ${folder}/ of that branch ("npm run loop -- --new" starts a branch with yours)`,
  );
}

async function takeOutBaseline({ config: { repo, task }, checkout: { git } }: LoopParts): Promise<void> {
  const { workspace, start } = task.contract;
  const paths = start?.baseline.remove ?? [];
  for (const path of paths) rmSync(join(repo, path), { recursive: true, force: true });
  if ((await dirtyFiles(git, workspace)).workspace.length === 0) return;
  const body = `Removed, so that the loop can find them again:\n${paths.map((path) => `- ${path}`).join('\n')}`;
  await commitPaths(git, [workspace], 'Begin with the published baselines only', body);
}

/**
 * Leaves the checkout after the loop: the notebook shows that nothing runs and why, and the user can switch
 * to the run branch.
 */
export async function leaveClean(
  { checkout: { git }, outputs: { notebook } }: LoopParts,
  reason: string,
): Promise<void> {
  await notebook.draw(false, reason).catch(() => {});
  await leaveBranch(git).catch(() => {});
}
