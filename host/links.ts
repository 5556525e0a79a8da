import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * The files that the links directly in a folder lead to: in a sandbox that is given the folder alone, these
 * links would be broken. `hubOnly` gives only the links of a hub's cache (`snapshots/<revision>/` →
 * `blobs/`), for a folder where a researcher may have made links to files that are hidden from it.
 */
export function linkedFiles(folder: string, { hubOnly = false } = {}): string[] {
  const real = realpathSync(folder);
  const blobs = blobsOf(real);
  return readdirSync(real, { withFileTypes: true })
    .filter((entry) => entry.isSymbolicLink())
    .map((entry) => join(real, entry.name))
    .filter((path) => existsSync(path) && statSync(path).isFile())
    .map((path) => realpathSync(path))
    .filter((target) => !hubOnly || dirname(target) === blobs);
}

/**
 * The folder in which a hub's cache keeps the contents of a snapshot's files; null outside a snapshot.
 * `folder` must be a path without symbolic links.
 */
function blobsOf(folder: string): string | null {
  for (let at = folder; at !== dirname(at); at = dirname(at)) {
    if (basename(at) === 'snapshots') return join(dirname(at), 'blobs');
  }
  return null;
}

/**
 * Whether the code of the workspace may have written a folder: true for every folder in the repository, and
 * for run folders elsewhere. `folder` must be a path without symbolic links.
 */
export function isWork(folder: string, repo: string): boolean {
  const root = realpathSync(repo);
  for (let at = folder; at !== dirname(at); at = dirname(at)) {
    if (at === root || existsSync(join(at, 'run.json'))) return true;
  }
  return false;
}
