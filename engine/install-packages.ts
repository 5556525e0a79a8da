import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UserError } from '#contract/errors';
import { gpuBackends, type OptionalBackend, onCpu } from './gpu/needs.ts';
import { isInstalled } from './packages.ts';

/** Packages of npm that are no dependency, installed together. */
type Optional = Pick<OptionalBackend, 'packages' | 'made' | 'installed'>;

/** The optional library for dense products (docs/backends.md says why it is no dependency). */
export const onnxRuntime: Optional = {
  packages: ['onnxruntime-node@1.30.0'],
  made: [],
  installed: () => isInstalled('onnxruntime-node'),
};

const ALL: readonly Optional[] = [...gpuBackends, onCpu, onnxRuntime];

/**
 * What npm is asked for: the wanted ones, and those that are installed already, since npm removes what an
 * earlier --no-save installed.
 */
export function packagesFor(wanted: readonly Optional[], all = ALL): string[] {
  const kept = all.filter((one) => !wanted.includes(one) && one.installed());
  return [...new Set([...wanted, ...kept].flatMap(({ packages }) => packages))];
}

/** Does `work`, and puts back the files of these that were there before and are gone after it. */
export function keepingMade<T>(all: readonly Optional[], work: () => T): T {
  const before = all
    .flatMap(({ made }) => made)
    .filter((path) => existsSync(path))
    .map((path) => [path, readFileSync(path)] as const);
  try {
    return work();
  } finally {
    for (const [path, content] of before) {
      if (existsSync(path)) continue;
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
    }
  }
}

/**
 * Installs optional packages by one command, and keeps those that are there. With --no-save, --save-prod
 * saves nothing; without --save-prod, npm finds an optional peer "up to date" and installs nothing. No
 * package needs its install script here. Returns npm's complaint, in one line; null where it is done.
 */
export function installPackages(wanted: readonly Optional[], say: (line: string) => void): string | null {
  const args = ['install', '--no-save', '--save-prod', '--ignore-scripts', ...packagesFor(wanted)];
  say(`npm ${args.join(' ')}`);
  const { status, stderr, error } = keepingMade(ALL, () =>
    spawnSync('npm', [...args, '--loglevel', 'error'], {
      cwd: join(import.meta.dirname, '..'),
      encoding: 'utf8',
      env: installEnv(),
      stdio: ['ignore', 'ignore', 'pipe'],
    }),
  );
  if (error) throw new UserError(`npm cannot be started: ${error.message}`, 1);
  if (status === 0) return null;
  return stderr.split('\n').find((line) => /error/i.test(line)) ?? 'npm failed and does not say why';
}

/** What npm and a compiler need of our environment: no key is among it. */
export function installEnv(): NodeJS.ProcessEnv {
  const needed =
    /^(PATH|HOME|USER|LANG|LC_\w+|TMPDIR|NODE_EXTRA_CA_CERTS|LD_LIBRARY_PATH|LIBRARY_PATH|CPATH|CUDA_\w+|CC|CXX|npm_\w+|(https?|all|no)_proxy)$/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => needed.test(name)));
}
