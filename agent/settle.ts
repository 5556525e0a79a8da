import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { committedTree, snapshotTree } from '#host/tree';
import {
  bestKnown,
  checkoutFile,
  commitPaths,
  dirtyFiles,
  isSettled,
  markSettled,
  rememberBestKnown,
} from './git.ts';
import { isOwnIdentity, OWN_IDENTITY_NOTE } from './git-open.ts';
import { type House, reportsDir } from './house.ts';

/**
 * Gives a run branch its start: what stands in the workspace is committed and remembered as the best known, then `--start baseline`
 * takes out what is to be found. A crash between two of these steps is made good at the next start.
 */
export async function settle(house: House, start: 'best-known' | 'baseline'): Promise<void> {
  const { git, branch, split } = house;
  await split.time('git', async () => {
    const settled = await isSettled(git, branch.name);
    if (settled || house.bestKnown === '') {
      await commitWorkspace(house);
      if (!settled) await rememberBestKnown(git, branch.name);
    }
    if (!settled && start === 'baseline') await takeOutBaseline(house);
    if (!settled) await markSettled(git, branch.name);
    house.bestKnown = (await bestKnown(git, branch.name)) ?? (await git.revparse(['HEAD'])).trim();
  });
}

/** What is trained is what the commit holds: also where the user's settings (autocrlf) made the files on disk other ones. */
async function commitWorkspace({ repo, git, task, events }: House): Promise<void> {
  const folder = task.contract.workspace;
  if (await isOwnIdentity(git)) events.emit({ type: 'loop.notice', level: 'info', text: OWN_IDENTITY_NOTE });
  const asItStands = await snapshotTree({ repo, folder });
  const committed = async () => committedTree({ repo, commit: 'HEAD', folder }).catch(() => null);
  if ((await committed()) === asItStands) return;
  await commitPaths(git, [folder], `Start from ${folder}/ as it stands`, '', {}, { anew: true });
}

async function takeOutBaseline({ repo, git, task }: House): Promise<void> {
  const { workspace, start } = task.contract;
  const paths = start?.baseline.remove ?? [];
  for (const path of paths) rmSync(join(repo, path), { recursive: true, force: true });
  if ((await dirtyFiles(git, workspace)).workspace.length === 0) return;
  const body = `Taken out, so that there is a path to walk:\n${paths.map((path) => `- ${path}`).join('\n')}`;
  await commitPaths(git, [workspace], 'Begin with the published baselines only', body);
}

/** The notebook shows what runs; when nothing runs any more, it is as it was committed, so that git switches back without a word. */
export async function leaveClean({ git, notebook, repo }: House): Promise<void> {
  await notebook.draw(false).catch(() => {});
  const page = join(reportsDir(repo), 'index.html');
  if (existsSync(page)) await checkoutFile(git, page).catch(() => {});
}
