import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

/**
 * Files of a repository that may hold keys, absolute, those that exist: `.env` and its kind, `.npmrc`, and git's configuration
 * (a remote's address or `http.extraHeader` may carry a token), also where the checkout is a linked worktree.
 */
export function secretFiles(root: string): string[] {
  const own = readdirSync(root)
    .filter((name) => /^\.env(\..+)?$|^\.npmrc$|^\.netrc$/.test(name))
    .map((name) => join(root, name));
  const configs = gitFolders(root).flatMap((folder) =>
    ['config', 'config.worktree', 'credentials'].map((name) => join(folder, name)),
  );
  return [...own, ...configs].filter((path) => existsSync(path));
}

/** `.git`; for a linked worktree, whose `.git` is a file, the folder that it names and the one that all worktrees share. */
function gitFolders(root: string): string[] {
  const git = join(root, '.git');
  if (!existsSync(git)) return [];
  if (statSync(git).isDirectory()) return [git];
  const own = resolve(
    root,
    readFileSync(git, 'utf8')
      .replace(/^gitdir: /, '')
      .trim(),
  );
  const common = join(own, 'commondir');
  return existsSync(common) ? [own, resolve(own, readFileSync(common, 'utf8').trim())] : [own];
}
