import { existsSync, lstatSync, readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { BackendNeeds } from '#contract/backend-needs';
import { backendNeeds } from './backend-needs.ts';
import type { Mounts } from './mounts.ts';
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
import { homeOf } from './worktree.ts';

/** The programs and libraries of a system, and the machine as libraries of a GPU look it up. */
const SYSTEM = [
  ...['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/etc', '/opt'],
  ...['/nix', '/gnu', '/sys'],
];

/** `readable` may have links in it: a path is shown under its name and under its real name. */
interface Named extends Mounts {
  cwd: string;
}

/**
 * The arguments of bubblewrap for a command that sees only what is named: programs and libraries of the
 * system, and `readable` and `writable`. Of the checkout, of checkouts beside it and of git nothing else
 * exists. The order matters: a later mount covers an earlier one.
 */
export function namedMounts(
  { root, cwd, writable, readable, instead }: Named,
  needs: BackendNeeds = backendNeeds(),
  devices: readonly string[] = readdirSync('/dev'),
): string[] {
  const home = homeOf(root);
  const isSystem = (path: string) => SYSTEM.some((folder) => inside(path, folder));
  return [
    ...SYSTEM.flatMap(asOnThisMachine),
    ...devMounts(needs, devices),
    ...[
      ...hiddenPlaces(),
      ...worldPlaces(),
      ...namedWorlds([home, root]),
      ...linkedSecrets(home),
      ...checkoutsBeside(home, isSystem),
      home,
    ].flatMap(hide),
    ...nodeFolder(),
    ...[...needs.paths, ...libraryFolders(home)]
      .filter((path) => existsSync(path))
      .flatMap(same('--ro-bind')),
    ...nodeItself(home, isSystem).flatMap(same('--ro-bind')),
    ...tokenFile().flatMap((path) => ['--ro-bind', instead(path), path]),
    // A folder that contains the checkout is left out: it would show all of it.
    ...readable.filter((path) => !inside(root, realpathSync(path))).flatMap(shown),
    ...writable.flatMap(same('--bind')),
    ...['--dir', cwd],
    // Nothing new can be made beside what is shown; this does not reach the mounts below.
    ...['--remount-ro', home, '--remount-ro', '/'],
  ];
}

function asOnThisMachine(path: string): string[] {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink())
    return ['--symlink', readlinkSync(path), path];
  return ['--ro-bind-try', path, path];
}

/** Under the name as given, and where that is a link (packages of another checkout), where it leads. */
function shown(path: string): string[] {
  const real = realpathSync(path);
  const named = join(realpathSync(dirname(path)), basename(path));
  return [...same('--ro-bind')(real), ...(named === real ? [] : ['--ro-bind', real, named])];
}

/** Other checkouts where ours lies among the system's folders, as in /opt or /usr/src. */
function checkoutsBeside(home: string, isSystem: (path: string) => boolean): string[] {
  if (!isSystem(home)) return [];
  const beside = readdirSync(dirname(home)).map((name) => join(dirname(home), name));
  return beside.filter((path) => existsSync(join(path, '.git')));
}

/** Where the user's libraries lie (CUDA in a place of its own), unless the sandbox hides it. */
function libraryFolders(home: string): string[] {
  const folders = (process.env.LD_LIBRARY_PATH ?? '').split(':').filter((path) => path.startsWith('/'));
  const hidden = [...hiddenPlaces(), ...worldPlaces(), home];
  return folders
    .filter((path) => existsSync(path))
    .map((path) => realpathSync(path))
    .filter((path) => !hidden.some((place) => inside(path, place) || inside(place, path)));
}
