import { existsSync, lstatSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { BackendNeeds } from '#contract/backend-needs';
import { expanded, homeFolders } from './home.ts';
import { nodeProgram } from './node.ts';

/** The folder in a sandbox's own /tmp that holds the program node. */
export const NODE_FOLDER = '/tmp/.node';

/** Arguments that show a path of the machine at the same place, by the flag that says how. */
export const same = (flag: string) => (path: string) => [flag, path, path];
/** Arguments that put an empty folder over a path. */
export const hide = (path: string) => ['--tmpfs', path];
export const inside = (path: string, folder: string) => path === folder || path.startsWith(`${folder}/`);

/**
 * The parts of /proc that control the whole machine. For most of them the kernel checks the user and not a
 * capability, so root in a sandbox could write them (`kernel/core_pattern` names a program that the kernel
 * runs outside). bwrap covers only some of them.
 */
const kernelKnobs = ['sys', 'sysrq-trigger', 'irq', 'bus', 'fs', 'acpi', 'scsi', 'mtrr', 'driver'];

/** /dev and /proc of the sandbox's own, with the device files that backends need. */
export const devMounts = (needs: BackendNeeds, devices: readonly string[]): string[] => [
  ...['--dev', '/dev', '--proc', '/proc'],
  ...kernelKnobs.map((name) => `/proc/${name}`).flatMap(same('--ro-bind-try')),
  ...devicesOf(needs, devices).flatMap(same('--dev-bind-try')),
];

/**
 * The device files that backends need, among the names in /dev. Wildcards are resolved here: bwrap has none.
 */
function devicesOf({ devices }: BackendNeeds, names: readonly string[]): string[] {
  const needed = (name: string) =>
    devices.some((device) => (device.endsWith('*') ? name.startsWith(device.slice(0, -1)) : name === device));
  return names.filter(needed).map((name) => join('/dev', name));
}

/** A folder with node alone: PATH may find a version manager's stand-in, or lead into a hidden home. */
export const nodeFolder = (): string[] => [
  ...['--dir', NODE_FOLDER],
  ...['--symlink', nodeProgram(), join(NODE_FOLDER, 'node')],
];

/** Places with other people's files, our own secrets, or sockets that lead outside. */
export function hiddenPlaces(): string[] {
  const homes = [...homeFolders(), '/home', '/root'];
  return outermost([...homes, tmpdir(), '/tmp', '/var/tmp', '/run', '/mnt', '/media']);
}

/**
 * The folders that a checkout's TASK.md names as worlds, by their path or after `activations:`: the rows that
 * a judge holds out lie there. `roots`: the checkout, and the loop's worktree with a TASK.md of its own.
 */
export function namedWorlds(roots: readonly string[]): string[] {
  const found = roots.flatMap((root) =>
    worldsIn(join(root, 'TASK.md')).map((name) => resolve(root, name.replace(/^activations:/, ''))),
  );
  const folders = found.filter((path) => statSync(path, { throwIfNoEntry: false })?.isDirectory());
  // One that holds the checkout cannot be covered: everything would be.
  return outermost(folders).filter((path) => !roots.some((root) => inside(root, path)));
}

/** The worlds of all profiles, also where the rest of the file is not a task: it may be in the making. */
function worldsIn(path: string): string[] {
  if (!existsSync(path)) return [];
  const text = readFileSync(path, 'utf8');
  const named = [...text.matchAll(/\bworld:[ \t]*(?:"([^"\n]+)"|'([^'\n]+)'|([^\s,}#"'][^\n,}#]*))/g)];
  return named.map(([, double, single, bare]) => (double ?? single ?? bare ?? '').trim());
}

/** The folders that hold the worlds of a benchmark, with their truth. */
export function worldPlaces(): string[] {
  const { WORLD_DIR, ...env } = process.env;
  const caches = [env.HF_HOME, env.HF_HUB_CACHE, env.HUGGINGFACE_HUB_CACHE, env.XDG_CACHE_HOME];
  const read = caches.flatMap((path) => (path ? [expanded(path)] : []));
  return outermost([...read, ...(WORLD_DIR ? [WORLD_DIR] : [])]);
}

/**
 * The file with the hub's token, where HF_TOKEN_PATH names one outside the hidden folders (in /etc, for
 * example).
 */
export function tokenFile(): string[] {
  const path = process.env.HF_TOKEN_PATH && expanded(process.env.HF_TOKEN_PATH);
  if (!path || !existsSync(path)) return [];
  const real = realpathSync(path);
  return hiddenPlaces().some((place) => inside(real, place)) ? [] : [real];
}

/** Where the keys of secret worlds lie, if `state/secret` of the checkout is a link to another disk. */
export function linkedSecrets(home: string): string[] {
  const place = join(home, 'state', 'secret');
  const isLink = lstatSync(place, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  return isLink && existsSync(place) ? [realpathSync(place)] : [];
}

/** The folders that exist, without those inside another of them. */
function outermost(folders: readonly string[]): string[] {
  const real = new Set(
    folders.filter((path) => path !== '' && existsSync(path)).map((path) => realpathSync(path)),
  );
  real.delete('/');
  return [...real].filter((path) => ![...real].some((other) => path !== other && inside(path, other)));
}

/**
 * The paths to bind back where Node lies in a place that the sandbox does not show (nvm, volta): its whole
 * installation, or only the program and its packages. `home` is the checkout.
 */
export function nodeItself(home: string, isShown: (path: string) => boolean): string[] {
  const program = nodeProgram();
  if (isShown(program)) return [];
  const prefix = dirname(dirname(program));
  // A prefix directly in a home (~/.local) may hold the files and keys of other programs as well.
  const homes = homeFolders()
    .filter((path) => existsSync(path))
    .map((path) => realpathSync(path));
  const isShared = homes.includes(dirname(prefix)) || hiddenPlaces().some((place) => inside(place, prefix));
  return isShared || inside(home, prefix)
    ? [program, join(prefix, 'lib', 'node_modules')].filter((path) => existsSync(path))
    : [prefix];
}
