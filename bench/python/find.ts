import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '#contract/errors';
import { capture } from '#host/capture';
import { pythonEnv, saelensVenv } from '#host/saelens';

/** A Python that can run an encoder, and what a sandbox has to show of it. */
export interface Python {
  /** Its program, by its full path. */
  program: string;
  /** What the encoder gets its tensors as: torch where it is, as SAELens does. */
  library: 'torch' | 'numpy';
  /** Its own folders, where they do not belong to the system. */
  readable: string[];
}

const Told = z.object({ program: z.string(), folders: z.array(z.string()), has: z.array(z.string()) });

/** Looks for packages without importing them. `-I`: no variable and no folder of a user adds any. */
const LOOK = `
import importlib.util as u, json, sys
has = [name for name in ("torch", "numpy") if u.find_spec(name)]
folders = [sys.prefix, sys.base_prefix, *sys.path]
print(json.dumps({"program": sys.executable, "folders": folders, "has": has}))`;

/** Every sandbox shows these. */
const SYSTEM = /^\/(usr|lib|lib64|bin|etc|opt|nix|gnu)(\/|$)/;

/**
 * The Python that holds encoders to their runs: $SAELENS_PYTHON, the environment of `npm run test:saelens`,
 * or python3. Null where none has torch or numpy.
 */
export async function findPython(repo: string, named = process.env.SAELENS_PYTHON): Promise<Python | null> {
  const made = join(saelensVenv(repo), 'bin', 'python');
  const candidates = named ? [named] : [...(existsSync(made) ? [made] : []), 'python3'];
  for (const candidate of candidates) {
    const found = await lookAt(candidate, repo);
    if (found !== null && found.library !== null) return { ...found, library: found.library };
  }
  return null;
}

/** Where a Python is and what it has; null where there is none. */
export async function lookAt(
  program: string,
  cwd: string,
): Promise<(Omit<Python, 'library'> & { library: Python['library'] | null }) | null> {
  try {
    const argv = [program, '-I', '-B', '-c', LOOK];
    const { exit, stdout } = await capture({ argv, cwd, env: pythonEnv(), timeoutSeconds: 30 });
    if (exit.code !== 0) return null;
    const { has, folders, program: path } = Told.parse(JSON.parse(stdout));
    return {
      program: path,
      library: has.includes('torch') ? 'torch' : has.includes('numpy') ? 'numpy' : null,
      readable: [...new Set(folders)].filter((folder) => !SYSTEM.test(folder) && existsSync(folder)),
    };
  } catch (error) {
    const isNone = error instanceof UserError || error instanceof SyntaxError || error instanceof z.ZodError;
    if (isNone) return null;
    throw error;
  }
}
