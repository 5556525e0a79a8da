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

/** The folder in a sandbox's own /tmp that holds the program node. */
export const NODE_FOLDER = '/tmp/.node';

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
 * The arguments of bubblewrap for what exists in a sandbox and what may be written there. The order matters:
 * a later mount covers an earlier one.
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
    // A folder with node alone: PATH may find a version manager's stand-in, or lead into a hidden home.
    ...['--dir', NODE_FOLDER, '--symlink', nodeProgram(), join(NODE_FOLDER, 'node')],
    ...needs.paths.filter((path) => existsSync(path)).flatMap(same('--ro-bind')),
    ...[...nodeItself(), home, ...gitElsewhere(root, home), ...linkedModules(home)].flatMap(
      same('--ro-bind'),
    ),
    // These come after the repository, which may contain them. A folder that contains the repository is left
    // out, because it would cover the repository.
    ...[join(home, 'state'), ...worldPlaces().filter((path) => !inside(home, path))].flatMap(hide),
    // The worktree lies under the hidden `state/`, and has a `state/` with trees of its own.
    ...(home === root ? [] : [...same('--ro-bind')(root), ...hide(join(root, 'state'))]),
    ...masked(root, home, writable).flatMap((path) => ['--ro-bind', instead(path), path]),
    // A folder that contains the checkout is left out: bound again, it would show what is hidden in the
    // checkout.
    ...readable.filter((path) => !inside(root, path)).flatMap(same('--ro-bind')),
    ...writable.flatMap(same('--bind')),
  ];
}

/**
 * The parts of /proc that control the whole machine. For most of them the kernel checks the user and not a
 * capability, so root in a sandbox could write them (`kernel/core_pattern` names a program that the kernel
 * runs outside). bwrap covers only some of them.
 */
const kernelKnobs = ['sys', 'sysrq-trigger', 'irq', 'bus', 'fs', 'acpi', 'scsi', 'mtrr', 'driver'];

const same = (flag: string) => (path: string) => [flag, path, path];
const hide = (path: string) => ['--tmpfs', path];

/** Places with other people's files, our own secrets, or sockets that lead outside. */
function hiddenPlaces(): string[] {
  const homes = [...homeFolders(), '/home', '/root'];
  return outermost([...homes, tmpdir(), '/tmp', '/var/tmp', '/run', '/mnt', '/media']);
}

/** The folders that hold the worlds of a benchmark, with their truth. */
function worldPlaces(): string[] {
  const { WORLD_DIR, ...env } = process.env;
  const caches = [env.HF_HOME, env.HF_HUB_CACHE, env.HUGGINGFACE_HUB_CACHE, env.XDG_CACHE_HOME];
  const read = caches.flatMap((path) => (path ? [expanded(path)] : []));
  return outermost([...read, ...(WORLD_DIR ? [WORLD_DIR] : [])]);
}

/**
 * The file with the hub's token, where HF_TOKEN_PATH names one outside the hidden folders (in /etc, for
 * example).
 */
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
 * The paths to bind back where Node lies in a hidden folder (nvm, volta): its whole installation, or only the
 * program and its packages.
 */
function nodeItself(): string[] {
  const program = nodeProgram();
  const hidden = hiddenPlaces();
  if (!hidden.some((place) => inside(program, place))) return [];
  const prefix = dirname(dirname(program));
  // A prefix directly in a home (~/.local) may hold the files and keys of other programs as well.
  const homes = homeFolders()
    .filter((path) => existsSync(path))
    .map((path) => realpathSync(path));
  const shared = homes.includes(dirname(prefix)) || hidden.some((place) => inside(place, prefix));
  return shared
    ? [program, join(prefix, 'lib', 'node_modules')].filter((path) => existsSync(path))
    : [prefix];
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
    ? readdirSync(runs).map((run) => join(runs, run, 'out', 'optimizer.safetensors'))
    : [];
  return [...new Set([root, home].flatMap(secretFiles)), ...tokenFile(), ...optimizers]
    .filter((path) => existsSync(path))
    .filter((path) => !writable.some((folder) => inside(path, folder)));
}

/**
 * The device files that backends need, among the names in /dev. Wildcards are resolved here: bwrap has none.
 */
function devicesOf({ devices }: BackendNeeds, names: readonly string[]): string[] {
  const needed = (name: string) =>
    devices.some((device) => (device.endsWith('*') ? name.startsWith(device.slice(0, -1)) : name === device));
  return names.filter(needed).map((name) => join('/dev', name));
}
