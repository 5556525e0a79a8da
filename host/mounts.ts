import { existsSync, lstatSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { BackendNeeds } from '#contract/backend-needs';
import { backendNeeds } from './backend-needs.ts';
import { borrowedObjects, gitFolders } from './git-folders.ts';
import {
  devMounts,
  hiddenPlaces,
  hide,
  inside,
  linkedSecrets,
  namedWorlds,
  nodeFolder,
  nodeItself,
  same,
  tokenFile,
  worldPlaces,
} from './places.ts';
import { secretFiles } from './secrets.ts';
import { homeOf } from './worktree.ts';

export interface Mounts {
  /**
   * The checkout that the command works in: the loop's worktree, or the user's checkout. This path and the
   * paths below have no symbolic links in them.
   */
  root: string;
  writable: readonly string[];
  readable: readonly string[];
  /** The path of the file that is shown in place of a hidden file. */
  instead: (path: string) => string;
}

/**
 * The arguments of bubblewrap for a command that may read the whole checkout (the researcher's shell): what
 * exists in the sandbox and what may be written there. The order matters: a later mount covers an earlier
 * one.
 */
export function mountsOf(
  { root, writable, readable, instead }: Mounts,
  needs: BackendNeeds = backendNeeds(),
  devices: readonly string[] = readdirSync('/dev'),
): string[] {
  const home = homeOf(root);
  const hidden = hiddenPlaces();
  const isShown = (path: string) => !hidden.some((place) => inside(path, place));
  return [
    ...['--ro-bind', '/', '/'],
    ...devMounts(needs, devices),
    ...hidden.flatMap(hide),
    ...nodeFolder(),
    ...needs.paths.filter((path) => existsSync(path)).flatMap(same('--ro-bind')),
    ...[...nodeItself(home, isShown), home, ...gitElsewhere(root, home), ...linkedModules(home)].flatMap(
      same('--ro-bind'),
    ),
    // These come after the repository, which may contain them. A folder that contains the repository is left
    // out, because it would cover the repository.
    ...[
      join(home, 'state'),
      ...linkedSecrets(home),
      ...worldPlaces().filter((path) => !inside(home, path)),
    ].flatMap(hide),
    // The worktree lies under the hidden `state/`, and has a `state/` with trees of its own.
    ...(home === root ? [] : [...same('--ro-bind')(root), ...hide(join(root, 'state'))]),
    // Behind the worktree, which would cover one in it.
    ...namedWorlds([home, root]).flatMap(hide),
    ...masked(root, home, writable).flatMap((path) => ['--ro-bind', instead(path), path]),
    // A folder that contains the checkout is left out: bound again, it would show what is hidden in the
    // checkout.
    ...readable.filter((path) => !inside(root, path)).flatMap(same('--ro-bind')),
    ...writable.flatMap(same('--bind')),
  ];
}

/**
 * The folders outside the checkout that git needs for a linked worktree, a submodule or a clone that borrows
 * objects.
 */
const gitElsewhere = (root: string, home: string): string[] =>
  [...gitFolders(root), ...borrowedObjects(root)].filter((path) => !inside(path, home));

/**
 * The packages of a clone whose `node_modules` is a link to those of another checkout, which may be hidden.
 */
function linkedModules(home: string): string[] {
  const modules = join(home, 'node_modules');
  return lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink() && existsSync(modules)
    ? [realpathSync(modules)]
    : [];
}

/** Files of the repository that no researcher's process may read; they look empty. */
function masked(root: string, home: string, writable: readonly string[]): string[] {
  const runs = join(home, 'checkpoints');
  const optimizers = existsSync(runs)
    ? readdirSync(runs)
        .map((run) => join(runs, run, 'out', 'optimizer.safetensors'))
        // A trainer may have put a folder or a link there, on which bwrap would fail, at each command again.
        .filter((path) => lstatSync(path, { throwIfNoEntry: false })?.isFile())
    : [];
  return [...new Set([root, home].flatMap(secretFiles)), ...tokenFile(), ...optimizers]
    .filter((path) => existsSync(path))
    .filter((path) => !writable.some((folder) => inside(path, folder)));
}
