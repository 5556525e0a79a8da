import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gitConfigs, gitFolders } from './git-folders.ts';

/**
 * Files of a repository that may hold keys, absolute, those that exist: `.env` and its kind, `.npmrc`, and
 * git's configuration (a remote's address or `http.extraHeader` may carry a token), also of submodules, and
 * where the checkout is a linked worktree.
 */
export function secretFiles(root: string): string[] {
  const own = readdirSync(root)
    .filter((name) => /^\.env(\..+)?$|^\.npmrc$|^\.netrc$/.test(name))
    .map((name) => join(root, name));
  return [...own, ...gitFolders(root).flatMap(gitConfigs)];
}
