import { lstatSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { git, names } from '#host/git';
import { secretFiles } from '#host/secrets';
import { homeOf } from '#host/worktree';

/**
 * Never linked: what the loop keeps in places of its own, packages (Node finds them in the folders above),
 * and caches that Python makes again.
 */
const OWN = /^(\.git|state|checkpoints|reports|sprints)\/?$|(^|\/)(node_modules|__pycache__)\/?$/;

/**
 * Links into the worktree what git ignores in the user's checkout, outside of the workspace: a task's data, a
 * Python environment. Tracked files, and files that lie in the worktree already, stay. Secrets are left out.
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
  // An older link of ours, with another target.
  if (there?.isSymbolicLink()) rmSync(place);
  else if (there) return;
  symlinkSync(target, place);
}
