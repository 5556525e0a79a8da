import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * The files that the links right in a folder lead to: a sandbox that is given the folder alone would find
 * links to nothing. `hubOnly`: those alone that a hub's cache has (`snapshots/<revision>/` → `blobs/`), for a
 * folder whose links may be a researcher's and lead to what is hidden from it.
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
 * Where a hub's cache keeps the contents of what lies in a snapshot. The folder has no links in its way, and
 * so has what is given.
 */
function blobsOf(folder: string): string | null {
  for (let at = folder; at !== dirname(at); at = dirname(at)) {
    if (basename(at) === 'snapshots') return join(dirname(at), 'blobs');
  }
  return null;
}
