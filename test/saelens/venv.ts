import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { cleanEnv, proxyEnv } from '#host/env';
import { root } from '../import-graph.ts';

/**
 * The release whose fields sae/saelens/registry.json has: another one may have others. The file is read as
 * data, because the researcher may have changed the code beside it, and the version is given to pip.
 */
const { version } = z
  .object({ version: z.string().regex(/^\d+(\.\d+)*$/, 'must be a version') })
  .parse(JSON.parse(readFileSync(join(root, 'sae/saelens/registry.json'), 'utf8')));
const PACKAGE = `sae-lens==${version}`;
/** The notebook of examples/ draws with it. */
const DRAWS = 'matplotlib';
/** It brings PyTorch with its libraries for GPUs. */
const [GIGABYTES, MINUTES] = [7, 15];

/**
 * Makes a Python environment with SAELens in `folder`. Says first what that takes. Returns why it could not,
 * or null.
 */
export function makeVenv(folder: string): string | null {
  const parent = dirname(folder);
  mkdirSync(parent, { recursive: true });
  const { bavail, bsize } = statfsSync(parent);
  const free = (bavail * bsize) / 1e9;
  if (free < GIGABYTES) return `${PACKAGE} takes ${GIGABYTES} GB, and ${free.toFixed(1)} are free here`;
  const unreached = download();
  if (unreached !== null) return unreached;
  process.stdout.write(
    `Installing ${PACKAGE} into ${folder}: 2.5 GB to download, 6.3 GB on disk, some two minutes; only this time.\n`,
  );
  // What an interrupted call left cannot be gone on with.
  rmSync(folder, { recursive: true, force: true });
  const made =
    run('python3', '-m', 'venv', folder) ??
    run(join(folder, 'bin/python'), '-m', 'pip', 'install', '-q', PACKAGE, DRAWS);
  if (made !== null) rmSync(folder, { recursive: true, force: true });
  return made;
}

/** Downloads the package alone, a third of a megabyte, which shows whether more can be downloaded. */
function download(): string | null {
  const folder = mkdtempSync(join(tmpdir(), 'sae-lens-wheel-'));
  try {
    const once = ['--no-deps', '--only-binary', ':all:', '--retries', '1', '--timeout', '15'];
    return run('python3', '-m', 'pip', 'download', '-q', ...once, '-d', folder, PACKAGE);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The user's own settings of pip: mirrors, certificates. */
const ofPip = Object.entries(process.env).filter(([name]) => name.startsWith('PIP_'));

/** The last line of what a program says against it, or null where it ends well. */
function run(program: string, ...args: string[]): string | null {
  const { status, stderr, error } = spawnSync(program, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
    env: cleanEnv({ ...proxyEnv(), ...Object.fromEntries(ofPip) }),
    timeout: MINUTES * 60_000,
  });
  if (status === 0) return null;
  const said = stderr?.trim().split('\n').at(-1);
  return `${program} ${args.slice(1, 3).join(' ')}: ${said || error?.message || `exit code ${status}`}`;
}
