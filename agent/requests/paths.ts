import { existsSync, lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import type { RefusedFields } from '#contract/answer';
import { runsDir } from '../common/paths.ts';

/** A call that the model can correct; its message goes back as the tool's error result. */
export class ToolMistake extends Error {
  override readonly name = 'ToolMistake';

  constructor(
    message: string,
    /** Why the call was refused, in a form that a program can read. */
    readonly fields?: RefusedFields,
  ) {
    super(message);
  }
}

/** The refusal of a call that needs a claimed sprint, made before start_sprint. */
export const noSprintOpen = () =>
  new ToolMistake('no sprint is open yet; call start_sprint first', { refused: { why: 'no-sprint' } });

/**
 * Resolves a path that the model gave. Relative paths begin at the repository, and every symbolic link is
 * followed, also for a file that does not exist yet.
 */
function realTarget(repo: string, path: string): string {
  let at = isAbsolute(path) ? resolve(path) : resolve(repo, path);
  const missing: string[] = [];
  for (let hops = 0; hops < 100; hops++) {
    if (existsSync(at)) return join(realpathSync(at), ...missing);
    // Writing to a dangling link would create its target: follow it.
    if (lstatSync(at, { throwIfNoEntry: false })?.isSymbolicLink()) {
      at = resolve(dirname(at), readlinkSync(at));
    } else {
      missing.unshift(basename(at));
      at = dirname(at);
    }
  }
  throw new ToolMistake(`${path}: too many symbolic links; name the file itself`);
}

function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === '' || (way !== '..' && !way.startsWith('../') && !isAbsolute(way));
}

/** The real target of a path that may be written. @throws ToolMistake outside of `writable`. */
export function writableTarget(repo: string, path: string, writable: readonly string[]): string {
  const target = realTarget(repo, path);
  if (!writable.some((folder) => isInside(target, realTarget(repo, folder)))) {
    throw new ToolMistake(`${path}: may not be written; write in ${writable.join(' or ')}`);
  }
  return target;
}

/**
 * The real target of a path that may be read: anywhere in the repository except `hidden`, and in all runs.
 * @throws ToolMistake elsewhere.
 */
export function readableTarget(repo: string, path: string, hidden: readonly string[]): string {
  const target = realTarget(repo, path);
  const open = [realpathSync(repo), realTarget(repo, runsDir(repo))];
  if (
    !open.some((folder) => isInside(target, folder)) ||
    hidden.some((folder) => isInside(target, realTarget(repo, folder)))
  ) {
    throw new ToolMistake(
      `${path}: may not be read: it is outside of the repository or belongs to the supervisor; name another path in the repository`,
    );
  }
  return target;
}
