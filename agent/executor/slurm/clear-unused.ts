import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { removeLeft } from '#host/remove-left';
import { confirmingDir } from '../../common/paths.ts';
import { isActive, squeue } from './queue.ts';

/** A folder this new may be that of a run whose job is not submitted yet: commands by hand make some too. */
const SUBMITTED_WITHIN_MS = 60_000;

/**
 * Removes the folders of jobs of runs on secret worlds that a killed loop left, where Slurm has no such job
 * any more. Where it does not answer, all stay.
 */
export async function clearUnused(repo: string, now = Date.now()): Promise<void> {
  const above = confirmingDir(repo, '');
  if (!existsSync(above)) return;
  const old = readdirSync(above).filter(
    (job) => now - statSync(join(above, job)).mtimeMs > SUBMITTED_WITHIN_MS,
  );
  const seen = old.length > 0 ? await squeue(old) : null;
  for (const job of seen ? old : []) {
    const one = seen?.get(job);
    if (!one || !isActive(one)) removeLeft(confirmingDir(repo, job));
  }
}
