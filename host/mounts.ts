import { existsSync, lstatSync, readdirSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { BackendNeeds } from '#contract/backend-needs';
import { backendNeeds } from './backend-needs.ts';
import { borrowedObjects, gitFolders } from './git-folders.ts';
import { expanded, homeFolders } from './home.ts';
import { nodeProgram } from './node.ts';
import { secretFiles } from './secrets.ts';
import { homeOf } from './worktree.ts';

/** Where a sandbox has the program node, in its own /tmp. */
export const NODE_FOLDER = '/tmp/.node';

export interface Mounts {
  /**
   * The checkout that the command works in: the loop's worktree, or the user's. As all that follows, without
   * links in its way.
   */
  root: string;
  writable: readonly string[];
  readable: readonly string[];
  /** What is seen in place of a file that is hidden. */
  instead: (path: string) => string;
}

/**
 * bubblewrap's arguments for what is there in a sandbox, and what of that may be written. The order counts:
 * what comes later covers.
 */
export function mountsOf(
  { root, writable, readable, instead }: Mounts,
  needs: BackendNeeds = backendNeeds(),
  devices: readonly string[] = readdirSync('/dev'),
): string[] {
  const home = homeOf(root);
  return [
    ...['--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc'],
    ...kernelKnobs.map((name) => `/proc/${name}`).flatMap((path) => ['--ro-bind-try', path, path]),
    ...devicesOf(needs, devices).flatMap((path) => ['--dev-bind-try', path, path]),
    ...hiddenPlaces().flatMap((path) => ['--tmpfs', path]),
    // The program alone under a folder of its own: PATH may lead to a stand-in, or into a home.
    ...['--dir', NODE_FOLDER, '--symlink', nodeProgram(), join(NODE_FOLDER, 'node')],
    ...needs.paths.filter((path) => existsSync(path)).flatMap(same('--ro-bind')),
    ...[...nodeItself(), home, ...gitElsewhere(root, home), ...linkedModules(home)].flatMap(
      same('--ro-bind'),
    ),
    // After the repository, which may hold them; but a folder that holds the repository must not cover it.
    ...[join(home, 'state'), ...worldPlaces().filter((path) => !inside(home, path))].flatMap(hide),
    // The worktree lies under `state/`, and has trees of its own.
    ...(home === root ? [] : [...same('--ro-bind')(root), ...hide(join(root, 'state'))]),
    ...masked(root, home, writable).flatMap((path) => ['--ro-bind', instead(path), path]),
    // The repository is there already, without what is hidden in it.
    ...readable.filter((path) => !inside(root, path)).flatMap(same('--ro-bind')),
    ...writable.flatMap(same('--bind')),
  ];
}

/**
 * What under /proc steers the whole machine. Most of it asks for the user and not for a capability, so that
 * root in a sandbox could write it (`kernel/core_pattern` names a program that the kernel runs outside);
 * bwrap covers only some of it.
 */
const kernelKnobs = ['sys', 'sysrq-trigger', 'irq', 'bus', 'fs', 'acpi', 'scsi', 'mtrr', 'driver'];

const same = (flag: string) => (path: string) => [flag, path, path];
const hide = (path: string) => ['--tmpfs', path];

/** Places with other people's files, our own secrets, or sockets that lead outside. */
function hiddenPlaces(): string[] {
  const homes = [...homeFolders(), '/home', '/root'];
  return outermost([...homes, tmpdir(), '/tmp', '/var/tmp', '/run', '/mnt', '/media']);
}

/** Where the worlds of a benchmark lie, with their truth. */
function worldPlaces(): string[] {
  const { WORLD_DIR, ...env } = process.env;
  const caches = [env.HF_HOME, env.HF_HUB_CACHE, env.HUGGINGFACE_HUB_CACHE, env.XDG_CACHE_HOME];
  const read = caches.flatMap((path) => (path ? [expanded(path)] : []));
  return outermost([...read, ...(WORLD_DIR ? [WORLD_DIR] : [])]);
}

/** The hub's token where a variable says that it lies in the open: /run/secrets is hidden, /etc is not. */
function tokenFile(): string[] {
  const path = process.env.HF_TOKEN_PATH && expanded(process.env.HF_TOKEN_PATH);
  if (!path || !existsSync(path)) return [];
  const real = realpathSync(path);
  return hiddenPlaces().some((place) => inside(real, place)) ? [] : [real];
}

/** The folders that exist, without those inside another of them. */
function outermost(folders: readonly string[]): string[] {
  const real = new Set(
    folders.filter((path) => path !== '' && existsSync(path)).map((path) => realpathSync(path)),
  );
  real.delete('/');
  return [...real].filter((path) => ![...real].some((other) => path !== other && inside(path, other)));
}

const inside = (path: string, folder: string) => path === folder || path.startsWith(`${folder}/`);

/**
 * Of a Node that lies in a hidden place (nvm, volta) what is bound back: its whole installation, or the
 * program and its packages.
 */
function nodeItself(): string[] {
  const program = nodeProgram();
  const hidden = hiddenPlaces();
  if (!hidden.some((place) => inside(program, place))) return [];
  const prefix = dirname(dirname(program));
  // Right in a home it may be other programs' as well, with their keys: ~/.local.
  const homes = homeFolders()
    .filter((path) => existsSync(path))
    .map((path) => realpathSync(path));
  const shared = homes.includes(dirname(prefix)) || hidden.some((place) => inside(place, prefix));
  return shared
    ? [program, join(prefix, 'lib', 'node_modules')].filter((path) => existsSync(path))
    : [prefix];
}

/**
 * What git needs of a linked worktree, a submodule or a clone that borrows objects, and does not lie in the
 * checkout.
 */
const gitElsewhere = (root: string, home: string): string[] =>
  [...gitFolders(root), ...borrowedObjects(root)].filter((path) => !inside(path, home));

/** The packages of a clone that borrows those of another checkout, which may lie in a hidden place. */
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
    ? readdirSync(runs).map((run) => join(runs, run, 'out', 'optimizer.safetensors'))
    : [];
  return [...new Set([root, home].flatMap(secretFiles)), ...tokenFile(), ...optimizers]
    .filter((path) => existsSync(path))
    .filter((path) => !writable.some((folder) => inside(path, folder)));
}

/** The device files that backends need, among the names in /dev: bwrap knows no wildcards. */
function devicesOf({ devices }: BackendNeeds, names: readonly string[]): string[] {
  const needed = (name: string) =>
    devices.some((device) => (device.endsWith('*') ? name.startsWith(device.slice(0, -1)) : name === device));
  return names.filter(needed).map((name) => join('/dev', name));
}
