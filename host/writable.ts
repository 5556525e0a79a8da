import { existsSync, mkdirSync, mkdtempSync, rmdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { UserError } from '#contract/errors';

/**
 * Makes a folder that the user named, and tries to write in it. The levels are made one by one, because
 * Node's recursive mkdir never returns from a place like /proc.
 * @throws UserError where the folder cannot be made or written.
 */
export function makeWritable(option: string, path: string): void {
  const dir = resolve(path);
  try {
    const missing: string[] = [];
    for (let at = dir; !existsSync(at); at = dirname(at)) missing.unshift(at);
    for (const folder of missing) mkdirSync(folder);
    rmdirSync(mkdtempSync(join(dir, '.writable-')));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UserError(
      `${option} ${path}: cannot be written to (${why}); name another folder, for example in /tmp`,
    );
  }
}
