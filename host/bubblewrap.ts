import { existsSync, lstatSync, mkdirSync, readdirSync, realpathSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { UserError } from '#contract/errors';
import { capture } from './capture.ts';
import { cleanEnv } from './env.ts';
import { noSandbox, type Sandbox } from './sandbox.ts';
import { secretFiles } from './secrets.ts';

/**
 * Confines a command with bubblewrap: all of the machine is there to read but homes, temporary folders, sockets, the
 * repository's `state/`, secrets and other runs' optimizer files; nothing is there to write but what is named; no network, and no process
 * but its own. Inherited descriptors pass through, and its whole process tree ends with it.
 */
export function bubblewrap(repo: string): Sandbox {
  const root = realpathSync(repo);
  // What does not exist cannot be covered, and would show through once it does.
  mkdirSync(join(root, 'state'), { recursive: true });
  // An empty file and not /dev/null, which nobody can open in there: git would refuse to work without its configuration.
  const empty = join(root, 'state', 'empty');
  writeFileSync(empty, '');
  return {
    label: 'bubblewrap',
    wrap(argv, { cwd, writable = [], readable = [], env = {} }) {
      const allowed = writable.map((path) => realpathSync(path));
      const mounts = [
        ...['--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc'],
        ...kernelKnobs.map((name) => `/proc/${name}`).flatMap((path) => ['--ro-bind-try', path, path]),
        ...gpuDevices(readdirSync('/dev')).flatMap((path) => ['--dev-bind-try', path, path]),
        ...hiddenPlaces().flatMap((path) => ['--tmpfs', path]),
        ...[...nodeItself(), root, ...linkedModules(root)].flatMap(same('--ro-bind')),
        // After the repository, which may hold them; but a folder that holds the repository must not cover it.
        ...[join(root, 'state'), ...worldPlaces().filter((path) => !inside(root, path))].flatMap((path) => [
          '--tmpfs',
          path,
        ]),
        ...masked(root, allowed).flatMap((path) => ['--ro-bind', empty, path]),
        // The repository is there already, without what is hidden in it.
        ...readable
          .map((path) => realpathSync(path))
          .filter((path) => !inside(root, path))
          .flatMap(same('--ro-bind')),
        ...allowed.flatMap(same('--bind')),
      ];
      const walls = [
        '--unshare-user',
        '--unshare-pid',
        '--unshare-net',
        '--unshare-ipc',
        '--die-with-parent',
        // Started by root, bwrap would hand on every capability, and with CAP_SYS_ADMIN one remounts it all writable.
        ...['--cap-drop', 'ALL'],
      ];
      // No --new-session: startChild gives every child a session of its own, and SIGTERM for the group has to reach
      // the command. bwrap itself would die of it and take the command along before that could save: it ignores it.
      return {
        argv: [
          ...[
            'env',
            '--ignore-signal=TERM',
            'bwrap',
            ...walls,
            ...mounts,
            '--chdir',
            realpathSync(cwd),
            '--',
          ],
          ...['env', '--default-signal=TERM', ...argv],
        ],
        // This is bwrap's own environment as well: what is not in it cannot be read in /proc/1/environ either.
        env: cleanEnv({ TMPDIR: '/tmp', ...env }),
      };
    },
  };
}

/** Tries bubblewrap for real: it may be missing, and containers often forbid it where it is installed. */
export async function tryBubblewrap(
  repo: string,
): Promise<{ ok: true; sandbox: Sandbox } | { ok: false; why: string; install: string }> {
  const sandbox = bubblewrap(repo);
  const wrapped = sandbox.wrap([process.execPath, '-e', 'process.stdout.write("inside")'], { cwd: repo });
  try {
    const { exit, stdout, complaint } = await capture({ ...wrapped, cwd: repo, timeoutSeconds: 20 });
    if (exit.code === 0 && stdout === 'inside') return { ok: true, sandbox };
    if (exit.code === 127) {
      return { ok: false, why: 'bubblewrap is not installed', install: 'sudo apt install bubblewrap' };
    }
    return {
      ok: false,
      why: `bubblewrap does not work here (${complaint ?? `exit code ${exit.code ?? exit.signal}`})`,
      install:
        'allow user namespaces: sudo sysctl kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0; in a container, ask for it to be started with --security-opt seccomp=unconfined',
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { ok: false, why: error.message, install: 'sudo apt install bubblewrap coreutils' };
  }
}

/**
 * The sandbox that our caller chose, as it told us in LOOP_SANDBOX (the label of a Sandbox): a judge that is started for
 * a confined run confines the encoder in the same way.
 */
export function sandboxFromEnv(repo: string, label = process.env.LOOP_SANDBOX): Sandbox {
  if (label === 'bubblewrap') return bubblewrap(repo);
  return noSandbox(/^off \((.*)\)$/.exec(label ?? '')?.[1] ?? 'by hand, our own code');
}

/**
 * What under /proc steers the whole machine. Most of it asks for the user and not for a capability, so that root in a sandbox could
 * write it (`kernel/core_pattern` names a program that the kernel runs outside); bwrap covers only some of it.
 */
const kernelKnobs = ['sys', 'sysrq-trigger', 'irq', 'bus', 'fs', 'acpi', 'scsi', 'mtrr', 'driver'];

const same = (flag: string) => (path: string) => [flag, path, path];

/** Places with other people's files, our own secrets, or sockets that lead outside. */
function hiddenPlaces(): string[] {
  // HOME may point elsewhere than the account does, which has keys all the same.
  const homes = [homedir(), userInfo().homedir, '/home', '/root'];
  return outermost([...homes, tmpdir(), '/tmp', '/var/tmp', '/run', '/mnt', '/media']);
}

/** Where the worlds of a benchmark lie, with their truth. */
function worldPlaces(): string[] {
  const { WORLD_DIR, HF_HOME, HF_HUB_CACHE, XDG_CACHE_HOME } = process.env;
  return outermost([WORLD_DIR, HF_HOME, HF_HUB_CACHE, XDG_CACHE_HOME].filter((path) => path !== undefined));
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

/** A Node that lies in a hidden place (nvm, volta), to be bound back: its whole installation, or the program alone. */
function nodeItself(): string[] {
  const program = realpathSync(process.execPath);
  if (!hiddenPlaces().some((place) => inside(program, place))) return [];
  const prefix = dirname(dirname(program));
  return [hiddenPlaces().some((place) => inside(place, prefix)) ? program : prefix];
}

/** The packages of a clone that borrows those of another checkout, which may lie in a hidden place. */
function linkedModules(root: string): string[] {
  const modules = join(root, 'node_modules');
  return lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink() && existsSync(modules)
    ? [realpathSync(modules)]
    : [];
}

/** Files of the repository that no researcher's process may read; they look empty. */
function masked(root: string, writable: readonly string[]): string[] {
  const runs = join(root, 'checkpoints');
  const optimizers = existsSync(runs)
    ? readdirSync(runs).map((run) => join(runs, run, 'out', 'optimizer.safetensors'))
    : [];
  return [...secretFiles(root), ...optimizers]
    .filter((path) => existsSync(path))
    .filter((path) => !writable.some((folder) => inside(path, folder)));
}

/** The device files of GPUs among the names in /dev: bwrap knows no wildcards. WebGPU also needs /dev/dri. */
export function gpuDevices(names: readonly string[]): string[] {
  return names.filter((name) => /^nvidia|^(dri|kfd|dxg)$/.test(name)).map((name) => join('/dev', name));
}
