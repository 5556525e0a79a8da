import { chmodSync, lstatSync, readdirSync, rmSync, type Stats } from 'node:fs';
import { join } from 'node:path';

/**
 * An entry that untrusted code left in a folder. A name that is not UTF-8 has U+FFFD for its invalid bytes.
 */
export interface Entry {
  name: string;
  /** Relative to the folder. */
  path: string;
  kind: 'file' | 'folder' | 'link' | 'other';
  bytes: number;
}

const SLASH = Buffer.from('/');

/**
 * Removes from a folder and its subfolders what is `unwanted`, and every entry whose name is not UTF-8:
 * nobody could name it, and git would commit it. Links are not followed; a folder that was closed to us is
 * opened first. Gives the removed paths.
 */
export function takeOut(folder: string, unwanted: (entry: Entry) => boolean): string[] {
  const gone: string[] = [];
  const walk = (at: Buffer, below: string) => {
    open(at);
    for (const bytes of readdirSync(at, { encoding: 'buffer' })) {
      const place = Buffer.concat([at, SLASH, bytes]);
      const name = bytes.toString('utf8');
      const stat = lstatSync(place);
      const kind = kindOf(stat);
      const entry: Entry = { name, path: join(below, name), kind, bytes: stat.size };
      if (!Buffer.from(name).equals(bytes) || unwanted(entry)) {
        if (kind === 'folder') openAll(place);
        rmSync(place, { recursive: true, force: true });
        gone.push(entry.path);
      } else if (kind === 'folder') walk(place, entry.path);
    }
  };
  walk(Buffer.from(folder), '.');
  return gone;
}

function kindOf(stat: Stats): Entry['kind'] {
  if (stat.isDirectory()) return 'folder';
  if (stat.isFile()) return 'file';
  return stat.isSymbolicLink() ? 'link' : 'other';
}

/** Gives the owner full permission: without it, the entries of a folder cannot be removed. */
function open(folder: Buffer): void {
  const { mode } = lstatSync(folder);
  if ((mode & 0o700) !== 0o700) chmodSync(folder, mode | 0o700);
}

function openAll(folder: Buffer): void {
  open(folder);
  for (const entry of readdirSync(folder, { encoding: 'buffer', withFileTypes: true })) {
    if (entry.isDirectory()) openAll(Buffer.concat([folder, SLASH, entry.name]));
  }
}
