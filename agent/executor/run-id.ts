import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { UserError } from '#contract/errors';
import { newName } from '#host/names';
import { makeWritable } from '#host/writable';
import { runsDir } from '../common/paths.ts';

/** `2026-02-19--10-37-12-wider-s0`: UTC start, experiment, seed. */
function runId(experiment: string, seed: number, now = new Date()): string {
  const at = now.toISOString().slice(0, 19).replace('T', '--').replaceAll(':', '-');
  const name = experiment.replace(/[^A-Za-z0-9_-]+/g, '-').slice(0, 60);
  return `${at}-${name}-s${seed}`;
}

/** The git reference that keeps the tree of a run. */
export const runRef = (id: string) => `refs/loop/runs/${id}`;

/**
 * Makes the folder of a new run: `checkpoints/<run id>`, or `out`. The id is unique in this checkout (`-2`,
 * `-3` ... where it is taken), wherever the folder lies.
 * @throws UserError where `out` exists and is not empty, or cannot be written.
 */
export function claimRunFolder(run: { repo: string; experiment: string; seed: number; out?: string }): {
  id: string;
  dir: string;
} {
  const base = runId(run.experiment, run.seed);
  if (run.out !== undefined) {
    const dir = resolve(run.out);
    if (existsSync(dir) && !(statSync(dir).isDirectory() && readdirSync(dir).length === 0)) {
      throw new UserError(`${run.out}: is not empty; name a new folder or an empty one`);
    }
    makeWritable('--out', dir);
    return { id: newName(run.repo, 'runs', base), dir };
  }
  const runs = runsDir(run.repo);
  mkdirSync(runs, { recursive: true });
  for (;;) {
    const id = newName(run.repo, 'runs', base);
    // `state/` may have been removed while the run folder still exists.
    if (makeFolder(join(runs, id))) return { id, dir: join(runs, id) };
  }
}

/** False where the name exists already: two runs never share a folder. */
function makeFolder(dir: string): boolean {
  try {
    mkdirSync(dir);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
