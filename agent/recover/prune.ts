import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { processesIn } from '#host/processes';
import { runDir, treesDir } from '../common/paths.ts';
import { findRunRecord, runNames } from '../ledger/run-folder.ts';

/** A younger tree may be about to be used: a run checks out its tree shortly before its folder names it. */
const MIN_AGE_MS = 3_600_000;

/**
 * Removes the checked-out trees that no run folder names and no process works in. Git restores a tree that is
 * needed again. Returns how many were removed.
 */
export function pruneTrees(repo: string, now = Date.now()): number {
  const trees = treesDir(repo);
  if (!existsSync(trees)) return 0;
  const named = new Set(runNames(repo).map((id) => findRunRecord(runDir(repo, id))?.tree));
  const unused = readdirSync(trees).filter((name) => {
    const path = join(trees, name);
    return !named.has(name) && now - statSync(path).mtimeMs > MIN_AGE_MS && processesIn(path).length === 0;
  });
  for (const name of unused) rmSync(join(trees, name), { recursive: true, force: true });
  return unused.length;
}
