import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { committedTree, snapshotTree } from '#host/tree';
import { notebookPath } from '../common/paths.ts';
import type { Timer } from '../common/timer.ts';
import type { Config } from '../config/config.ts';
import {
  bestKnown,
  checkoutFile,
  commitPaths,
  dirtyFiles,
  isPrepared,
  markPrepared,
  rememberBestKnown,
} from '../git/git.ts';
import { isOwnIdentity, OWN_IDENTITY_NOTE } from '../git/git-open.ts';
import type { Checkout } from '../git/run-branch.ts';
import type { Journal } from '../journal/journal.ts';
import type { Outputs } from '../screen/outputs.ts';

/** What is used here of the loop. */
interface LoopParts {
  config: Config;
  checkout: Checkout;
  journal: Journal;
  timer: Timer;
  outputs: Outputs;
}

/**
 * Gives a run branch its start: what stands in the workspace is committed and remembered as the best known, then `--start baseline`
 * takes out what is to be found. A crash between two of these steps is made good at the next start.
 */
export async function prepareBranch(loop: LoopParts, start: 'best-known' | 'baseline'): Promise<void> {
  const {
    checkout: { git, branch },
    timer,
  } = loop;
  await timer.time('git', async () => {
    const prepared = await isPrepared(git, branch.name);
    if (prepared || loop.checkout.bestKnown === '') {
      await commitWorkspace(loop);
      if (!prepared) await rememberBestKnown(git, branch.name);
    }
    if (!prepared && start === 'baseline') await takeOutBaseline(loop);
    if (!prepared) await markPrepared(git, branch.name);
    loop.checkout.bestKnown = (await bestKnown(git, branch.name)) ?? (await git.revparse(['HEAD'])).trim();
  });
}

/** What is trained is what the commit holds: also where the user's settings (autocrlf) made the files on disk other ones. */
async function commitWorkspace({
  config: { repo, task },
  checkout: { git },
  journal,
}: LoopParts): Promise<void> {
  const folder = task.contract.workspace;
  if (await isOwnIdentity(git)) journal.notice(OWN_IDENTITY_NOTE);
  const asItStands = await snapshotTree({ repo, folder });
  const committed = async () => committedTree({ repo, commit: 'HEAD', folder }).catch(() => null);
  if ((await committed()) === asItStands) return;
  await commitPaths(git, [folder], `Start from ${folder}/ as it stands`, '', {}, { anew: true });
}

async function takeOutBaseline({ config: { repo, task }, checkout: { git } }: LoopParts): Promise<void> {
  const { workspace, start } = task.contract;
  const paths = start?.baseline.remove ?? [];
  for (const path of paths) rmSync(join(repo, path), { recursive: true, force: true });
  if ((await dirtyFiles(git, workspace)).workspace.length === 0) return;
  const body = `Taken out, so that there is a path to walk:\n${paths.map((path) => `- ${path}`).join('\n')}`;
  await commitPaths(git, [workspace], 'Begin with the published baselines only', body);
}

/** The notebook shows what runs; when nothing runs any more, it is as it was committed, so that git switches back without a word. */
export async function leaveClean({
  checkout: { git },
  outputs: { notebook },
  config: { repo },
}: LoopParts): Promise<void> {
  await notebook.draw(false).catch(() => {});
  const page = notebookPath(repo);
  if (existsSync(page)) await checkoutFile(git, page).catch(() => {});
}
