import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { UserError } from '#contract/errors';
import type { RunSpec, Settings } from '#contract/run';
import { pairsOf } from '#contract/settings';
import { newName } from '#host/names';
import { makeWritable } from '#host/writable';
import { runsDir } from '../common/paths.ts';

type Named = Pick<RunSpec, 'experiment' | 'settings' | 'seed'>;

/** The most letters of set values in an id. */
const SET = 80;

/** `2026-02-19--10-37-12-wider-k=4-s0`: UTC start, experiment, what was set, seed. */
function runId({ experiment, settings, seed }: Named, now = new Date()): string {
  const at = now.toISOString().slice(0, 19).replace('T', '--').replaceAll(':', '-');
  const name = experiment.replace(/[^A-Za-z0-9_-]+/g, '-').slice(0, 60);
  return [at, name, ...setWords(settings), `s${seed}`].join('-');
}

/** What was set, in letters that a folder and a git reference may have; `etc` for what is too long. */
function setWords(settings: Settings): string[] {
  const words = pairsOf(settings).map((pair) =>
    pair
      .replace(/=[^A-Za-z0-9.-]+|[^A-Za-z0-9]+$/g, '=')
      .replace(/=$/, '')
      .replace(/[^A-Za-z0-9_.=-]+/g, '-')
      .replace(/\.{2,}/g, '.'),
  );
  const kept: string[] = [];
  let left = SET;
  for (const word of words) {
    if (word.length > left) return [...kept, 'etc'];
    kept.push(word);
    left -= word.length + 1;
  }
  return kept;
}

/** The git reference that keeps the tree of a run. */
export const runRef = (id: string) => `refs/loop/runs/${id}`;

/**
 * Makes the folder of a new run: `checkpoints/<run id>`, or `out`. The id is unique in this checkout (`-2`,
 * `-3` ... where it is taken), wherever the folder lies.
 * @throws UserError where `out` exists and is not empty, or cannot be written.
 */
export function claimRunFolder(run: Named & { repo: string; out?: string }): { id: string; dir: string } {
  const base = runId(run);
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
