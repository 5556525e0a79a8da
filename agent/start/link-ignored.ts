import { lstatSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { git, names } from '#host/git';
import { secretFiles } from '#host/secrets';
import { homeOf } from '#host/worktree';

/**
 * What the loop has places of its own for, packages, which Node finds in the folders above, and what Python
 * makes again.
 */
const OWN = /^(\.git|state|checkpoints|reports|sprints)\/?$|(^|\/)(node_modules|__pycache__)\/?$/;

/**
 * Lets the worktree have what git does not know of the user's checkout, outside of the workspace: a task's
 * data, a Python environment. Links lead there; what is tracked, or lies in the worktree already, stays.
 * Secrets are left out.
 */
export async function linkIgnored(worktree: string, workspace: string): Promise<void> {
  const home = homeOf(worktree);
  const list = ['ls-files', '-z', '--others', '--ignored', '--exclude-standard', '--directory'];
  const secrets = secretFiles(home);
  for (const name of names(await git(home, list))) {
    const path = name.replace(/\/$/, '');
    if (OWN.test(name) || path === workspace || path.startsWith(`${workspace}/`)) continue;
    if (secrets.includes(join(home, path))) continue;
    link(join(worktree, path), relative(dirname(join(worktree, path)), join(home, path)));
  }
}

function link(place: string, target: string): void {
  if (!lstatSync(dirname(place), { throwIfNoEntry: false })?.isDirectory()) return;
  const there = lstatSync(place, { throwIfNoEntry: false });
  if (there?.isSymbolicLink() && readlinkSync(place) === target) return;
  // One of ours that led elsewhere, before the checkout was changed.
  if (there?.isSymbolicLink()) rmSync(place);
  else if (there) return;
  symlinkSync(target, place);
}
