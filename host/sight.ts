import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { mountsOf } from './mounts.ts';
import { inside } from './places.ts';
import { homeOf, worktreeOf } from './worktree.ts';

/** Mounts by their flags: what each makes of the places below its last word. */
const SHOWS = new Set(['--ro-bind', '--ro-bind-try', '--bind', '--dev-bind-try']);
const HIDES = new Set(['--tmpfs', '--dev', '--proc']);

/**
 * Whether the researcher's shell of a checkout could read a place, which need not exist: by the mounts of
 * its sandbox, in the checkout itself and in the loop's worktree.
 */
export function isSeen(path: string, checkout: string): boolean {
  const home = homeOf(realpathSync(checkout));
  const place = realPlace(resolve(path));
  return [home, worktreeOf(home)]
    .filter((root) => existsSync(root))
    .some((root) => isShown(place, mountsOf({ root, writable: [], readable: [], instead: (file) => file })));
}

/** By the last mount that holds the place: later ones cover earlier ones. */
function isShown(place: string, mounts: readonly string[]): boolean {
  let shown = false;
  mounts.forEach((flag, at) => {
    const [first = '', second = ''] = mounts.slice(at + 1, at + 3);
    if (SHOWS.has(flag) && inside(place, second === '/' ? '' : second)) shown = true;
    if (HIDES.has(flag) && inside(place, first)) shown = false;
  });
  return shown;
}

/** The path without links, as far as it exists. */
function realPlace(path: string): string {
  return existsSync(path) ? realpathSync(path) : join(realPlace(dirname(path)), basename(path));
}
