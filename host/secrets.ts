import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gitConfigs, gitFolders } from './git-folders.ts';

/**
 * The existing files of a repository that may hold keys, as absolute paths: `.env` and its variants,
 * `.npmrc`, `.netrc`, and git's configuration (a remote's address or `http.extraHeader` may carry a token),
 * also that of submodules and that of a linked worktree's repository.
 */
export function secretFiles(root: string): string[] {
  const own = readdirSync(root)
    .filter((name) => /^\.env(\..+)?$|^\.npmrc$|^\.netrc$/.test(name))
    .map((name) => join(root, name));
  return [...own, ...gitFolders(root).flatMap(gitConfigs)];
}
