import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { keepFile } from '#contract/atomic';
import { UserError } from '#contract/errors';
import { capture } from './capture.ts';
import { cleanEnv } from './env.ts';
import { formatOf, gitFolders } from './git-folders.ts';
import { mountsOf } from './mounts.ts';
import { namedMounts } from './named-mounts.ts';
import { nodeProgram } from './node.ts';
import { NODE_FOLDER } from './places.ts';
import { noSandbox, type Sandbox } from './sandbox.ts';
import { callFilter } from './system-calls.ts';
import { homeOf } from './worktree.ts';

/**
 * Confines a command with bubblewrap. It can read the system's programs and libraries and the paths that are
 * named (named-mounts.ts), or with `wholeCheckout` the machine except what is hidden (mounts.ts). It can
 * write only the folders that are named. It has no network, sees only its own processes and reaches no
 * keyring of the kernel (system-calls.ts). Inherited descriptors pass through, and its whole process tree
 * ends with it.
 */
export function bubblewrap(repo: string): Sandbox {
  const root = realpathSync(repo);
  const state = join(homeOf(root), 'state');
  // A folder that does not exist cannot be covered, and would be visible once somebody makes it.
  for (const folder of [state, join(root, 'state')]) mkdirSync(folder, { recursive: true });
  // What follows is read as other commands' sandboxes start: a file stays as it is while it is right.

  // An empty file and not /dev/null, which cannot be opened inside: git refuses to work without a readable
  // configuration.
  const empty = join(state, 'empty');
  keepFile(empty, '');
  // Shown in place of git's configuration: some repositories (another hash, another store of references)
  // cannot be read without this part of it.
  const format = join(state, 'git-format');
  const shared = gitFolders(root).at(-1);
  const config = shared && join(shared, 'config');
  keepFile(format, config ? formatOf(config) : '');
  const filter = callFilter();
  const calls = join(state, 'system-calls');
  if (filter) keepFile(calls, filter);
  // bwrap takes the filter from a descriptor, which a shell opens: 3 to 5 are the data's.
  const start = filter ? ['sh', '-c', 'exec "$@" 9<"$0"', calls, 'bwrap', '--seccomp', '9'] : ['bwrap'];
  return {
    kind: 'bubblewrap',
    label: 'bubblewrap',
    wrap(argv, { cwd, writable = [], readable = [], wholeCheckout = false, env = {} }) {
      const real = (paths: readonly string[]) => paths.map((path) => realpathSync(path));
      const instead = (path: string) => (path === config ? format : empty);
      const mounts = wholeCheckout
        ? mountsOf({ root, writable: real(writable), readable: real(readable), instead })
        : namedMounts({ root, cwd: realpathSync(cwd), writable: real(writable), readable, instead });
      // This is bwrap's own environment as well: what is not in it cannot be read in /proc/1/environ either.
      const inside = cleanEnv({ TMPDIR: '/tmp', ...trusting(root), ...env });
      const limits = [
        '--unshare-user',
        '--unshare-pid',
        '--unshare-net',
        '--unshare-ipc',
        '--die-with-parent',
        // Started by root, bwrap would pass on every capability, and CAP_SYS_ADMIN would let the command
        // remount everything writable.
        ...['--cap-drop', 'ALL'],
      ];
      // No --new-session: startChild gives every child a session of its own, and SIGTERM for the group has to
      // reach the command. That signal would end bwrap, and bwrap would end the command before it could save,
      // so bwrap ignores it.
      return {
        argv: [
          ...[
            'env',
            '--ignore-signal=TERM',
            ...start,
            ...limits,
            ...mounts,
            ...['--setenv', 'PATH', `${NODE_FOLDER}:${inside.PATH}`],
            ...['--chdir', realpathSync(cwd), '--'],
          ],
          ...['env', '--default-signal=TERM', ...argv],
        ],
        env: inside,
      };
    },
  };
}

/**
 * In the sandbox all files of other users belong to nobody, and git does not read a repository of nobody's.
 */
const trusting = (root: string) => ({
  GIT_CONFIG_COUNT: '1',
  GIT_CONFIG_KEY_0: 'safe.directory',
  GIT_CONFIG_VALUE_0: root,
});

export type Tried = { ok: true; sandbox: Sandbox } | { ok: false; why: string; install: string };

/** The script by which the Node in the sandbox names itself: it must be the Node that runs this. */
const ASK = 'process.stdout.write(process.version + " " + process.execPath)';

/** Tries bubblewrap for real: it may be missing, and containers often forbid it where it is installed. */
export async function tryBubblewrap(repo: string): Promise<Tried> {
  if (process.platform !== 'linux') {
    return {
      ok: false,
      why: `the sandbox (bubblewrap) needs Linux, and this is ${process.platform}`,
      install: 'use a Linux machine, container or virtual machine',
    };
  }
  const sandbox = bubblewrap(repo);
  try {
    const wrapped = sandbox.wrap(['node', '-e', ASK], { cwd: repo });
    const { exit, stdout, complaint } = await capture({ ...wrapped, cwd: repo, timeoutSeconds: 20 });
    const expected = `${process.version} ${nodeProgram()}`;
    if (exit.code === 0 && stdout === expected) return { ok: true, sandbox };
    if (exit.code === 0) {
      return {
        ok: false,
        why: `node in the sandbox (${stdout}) is not the node that runs this command (${expected})`,
        install: 'put the folder of this node first in PATH',
      };
    }
    return {
      ok: false,
      ...(await reason(repo, exit.code, complaint ?? `exit code ${exit.code ?? exit.signal}`)),
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { ok: false, why: error.message, install: 'sudo apt install bubblewrap coreutils' };
  }
}

/** Why bubblewrap failed, with advice for that cause alone. */
async function reason(
  repo: string,
  code: number | null,
  complaint: string,
): Promise<{ why: string; install: string }> {
  const plain = {
    argv: ['env', '--ignore-signal=TERM'],
    cwd: repo,
    env: cleanEnv(),
    timeoutSeconds: 20,
  };
  const env = await capture(plain);
  if (env.exit.code !== 0) {
    return {
      why: `the program env cannot ignore signals here (${env.complaint ?? 'it fails'}): it is BusyBox's, or older than coreutils 8.31`,
      install: 'install GNU coreutils: apk add coreutils bubblewrap, or sudo apt install coreutils',
    };
  }
  if (code === 127) return { why: 'bubblewrap is not installed', install: 'sudo apt install bubblewrap' };
  const why = `bubblewrap does not work here (${complaint})`;
  if (!existsSync('/proc/self'))
    return { why: `${why}: /proc is not mounted`, install: 'mount -t proc proc /proc' };
  if (/mount proc/.test(complaint)) {
    return {
      why: `${why}: /proc is masked`,
      install: 'have the container started with --security-opt systempaths=unconfined',
    };
  }
  return {
    why,
    install:
      'allow user namespaces: sudo sysctl kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0; for a container, have it started with --security-opt seccomp=unconfined',
  };
}

/**
 * The sandbox that our caller chose and named in LOOP_SANDBOX (the label of a Sandbox): a judge that is
 * started for a confined run confines the encoder in the same way.
 */
export function sandboxFromEnv(repo: string, label = process.env.LOOP_SANDBOX): Sandbox {
  if (label === 'bubblewrap') return bubblewrap(repo);
  return noSandbox(/^off \((.*)\)$/.exec(label ?? '')?.[1] ?? 'by hand, our own code');
}
