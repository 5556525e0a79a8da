import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

export const digest = (of: unknown): string => createHash('sha256').update(JSON.stringify(of)).digest('hex');

const digestOfFile = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

/**
 * The digest of all files at and below these paths, with their names. Of packages (`node_modules`) the list
 * of those that are installed counts. Null where something there is no plain file, or no such list is there.
 */
export function digestOfFiles(paths: readonly string[]): string | null {
  const found: [string, string][] = [];
  for (const path of paths) {
    const isPackages = basename(path) === 'node_modules';
    const files = isPackages ? [join(path, '.package-lock.json')] : filesIn(path);
    if (files === null || !files.every((file) => existsSync(file))) return null;
    for (const file of files) found.push([file, digestOfFile(file)]);
  }
  return digest(found);
}

/** All files at or below a path, in a fixed order; null where one is no plain file. */
export function filesIn(path: string): string[] | null {
  const what = lstatSync(path);
  if (what.isFile()) return [path];
  if (!what.isDirectory()) return null;
  const below = readdirSync(path)
    .sort()
    .map((name) => filesIn(join(path, name)));
  return below.includes(null) ? null : (below as string[][]).flat();
}

/** The digests of files by their names below a folder. */
export const digestsBelow = (folder: string, files: readonly string[]): Record<string, string> =>
  Object.fromEntries(files.map((file) => [file.slice(folder.length + 1), digestOfFile(file)]));
