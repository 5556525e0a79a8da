import { type Dir, lstatSync, opendirSync, type Stats } from 'node:fs';
import { join } from 'node:path';

/** What lies in a folder or below it: its name from there, and what it is itself. */
export interface EntryBelow {
  name: string;
  stat: Stats;
}

/** In characters: a name below a folder that is longer may lead to what no path can name. */
export const LONGEST_NAME = 1000;

/**
 * All that lies below a folder that untrusted code writes, folders too, one after the other: a reader stops
 * where it has seen enough. No link is followed: `readdir` with `recursive` follows those to folders, out of
 * this one or round in circles. What is removed or made unreadable meanwhile is left out, and what lies
 * deeper than a path can name: who counts stops at names longer than LONGEST_NAME.
 */
export function* entriesBelow(folder: string): Generator<EntryBelow, void> {
  // A stack in place of recursion: untrusted code makes folders as deep as it likes.
  const left = [''];
  for (let above = left.pop(); above !== undefined; above = left.pop()) {
    for (const entry of namesIn(join(folder, above))) {
      const name = join(above, entry);
      const stat = statOf(join(folder, name));
      if (stat === null) continue;
      if (stat.isDirectory()) left.push(name);
      yield { name, stat };
    }
  }
}

function* namesIn(folder: string): Generator<string, void> {
  let open: Dir;
  try {
    open = opendirSync(folder);
  } catch {
    return;
  }
  try {
    for (let name = nextIn(open); name !== null; name = nextIn(open)) yield name;
  } finally {
    open.closeSync();
  }
}

function nextIn(open: Dir): string | null {
  try {
    return open.readSync()?.name ?? null;
  } catch {
    return null;
  }
}

function statOf(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch {
    return null;
  }
}
