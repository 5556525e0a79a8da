import { lstatSync, readdirSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { openFolder, removeLeft } from './remove-left.ts';

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
/** What lies deeper is removed, by the bytes of its path in the folder: a copy may be too deep to be read. */
const DEEPEST = 1000;

/**
 * Removes from a folder and its subfolders what is `unwanted`, and every entry whose name is not UTF-8:
 * nobody could name it, and git would commit it; and what lies deeper than a path can say for sure. Links are
 * not followed; a folder that was closed to us is opened first. Gives the removed paths.
 */
export function takeOut(folder: string, unwanted: (entry: Entry) => boolean): string[] {
  const gone: string[] = [];
  const top = Buffer.from(folder);
  const walk = (at: Buffer, below: string) => {
    openFolder(at);
    for (const bytes of readdirSync(at, { encoding: 'buffer' })) {
      const place = Buffer.concat([at, SLASH, bytes]);
      const name = bytes.toString('utf8');
      const stat = lstatSync(place);
      const kind = kindOf(stat);
      const entry: Entry = { name, path: join(below, name), kind, bytes: stat.size };
      const isTooDeep = place.length > top.length + DEEPEST;
      if (isTooDeep || !Buffer.from(name).equals(bytes) || unwanted(entry)) {
        removeLeft(place);
        gone.push(entry.path);
      } else if (kind === 'folder') walk(place, entry.path);
    }
  };
  walk(top, '.');
  return gone;
}

function kindOf(stat: Stats): Entry['kind'] {
  if (stat.isDirectory()) return 'folder';
  if (stat.isFile()) return 'file';
  return stat.isSymbolicLink() ? 'link' : 'other';
}
