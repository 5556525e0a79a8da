import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cleanEnv } from './env.ts';
import { homeOf } from './worktree.ts';

/** The Python environment that `npm run test:saelens` makes for a checkout. */
export const saelensVenv = (checkout: string): string => join(homeOf(checkout), 'state', 'saelens');

/**
 * A Python that has SAELens, the peer that we are compared with: $SAELENS_PYTHON, the environment of
 * `npm run test:saelens`, or python3. Null where none has it.
 */
export function findSaelens(checkout: string, named = process.env.SAELENS_PYTHON): string | null {
  const made = join(saelensVenv(checkout), 'bin', 'python');
  const candidates = named ? [named] : [...(existsSync(made) ? [made] : []), 'python3'];
  return candidates.find(hasSaelens) ?? null;
}

/** The environment of a Python that runs our own scripts: also where it finds packages. */
export const pythonEnv = (extra: Readonly<Record<string, string>> = {}): Record<string, string> =>
  cleanEnv({ PYTHONPATH: process.env.PYTHONPATH, PYENV_VERSION: process.env.PYENV_VERSION, ...extra });

/** Looks for the package without importing it, which takes seconds. */
function hasSaelens(python: string): boolean {
  const look = 'import importlib.util as u, sys; sys.exit(u.find_spec("sae_lens") is None)';
  return spawnSync(python, ['-c', look], { stdio: 'ignore', env: pythonEnv() }).status === 0;
}
