import { randomUUID } from 'node:crypto';
import { chmodSync, lstatSync, readdirSync, renameSync, rmSync } from 'node:fs';

/** No path is longer, in bytes, while a folder is removed: the system takes 4,095. */
const LONGEST = 2000;
const SLASH = Buffer.from('/');

/**
 * Removes what untrusted code has left at a path, where anything is there. It may have closed its folders, or
 * have nested them deeper than a path can name; `rmSync` alone throws then. No link is followed.
 */
export function removeLeft(path: string | Buffer): void {
  try {
    rmSync(path, { recursive: true, force: true });
    return;
  } catch (error) {
    if (!lstatSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
    flatten(Buffer.from(path));
  }
  rmSync(path, { recursive: true, force: true });
}

/** Opens all folders in a folder, and moves those that lie too deep to its top. */
function flatten(top: Buffer): void {
  const left = [top];
  for (let at = left.pop(); at !== undefined; at = left.pop()) {
    openFolder(at);
    for (const entry of readdirSync(at, { encoding: 'buffer', withFileTypes: true })) {
      if (!entry.isDirectory()) continue;
      const place = Buffer.concat([at, SLASH, entry.name]);
      if (place.length <= LONGEST) {
        left.push(place);
        continue;
      }
      // A closed folder cannot be moved.
      openFolder(place);
      const short = Buffer.concat([top, SLASH, Buffer.from(randomUUID())]);
      renameSync(place, short);
      left.push(short);
    }
  }
}

/** Gives the owner full permission: without it, the entries of a folder cannot be removed. */
export function openFolder(folder: Buffer): void {
  const { mode } = lstatSync(folder);
  if ((mode & 0o700) !== 0o700) chmodSync(folder, mode | 0o700);
}
