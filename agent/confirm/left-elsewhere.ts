import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { removeLeft } from '#host/remove-left';
import { confirmingDir, secretsDir } from '../common/paths.ts';
import type { Executor } from '../executor/executor.ts';
import { isJobName } from '../executor/slurm/commands.ts';
import { readJob } from '../executor/slurm/files.ts';
import { endRun } from './end-run.ts';

/**
 * Ends the runs on secret worlds that a killed loop left as jobs on other branches of this checkout, and
 * removes their folders. The caller holds the lock of the checkout: no loop follows them any more. `present`:
 * the folder of the branch whose own store ends its runs.
 */
export async function endLeftElsewhere(
  executor: Pick<Executor, 'endLeft'>,
  repo: string,
  present: string | null,
): Promise<void> {
  const above = secretsDir(repo);
  for (const branch of existsSync(above) ? readdirSync(above) : []) {
    const runs = join(above, branch, 'runs');
    if (join(above, branch) === present || !existsSync(runs)) continue;
    for (const name of readdirSync(runs)) {
      const dir = join(runs, name);
      const job = readJob(dir);
      // Several checkouts may have their secrets in one folder: what nodes see of a run tells whose it is.
      if (!job || !isJobName(job.name) || job.shared !== confirmingDir(repo, job.name)) continue;
      await endRun(executor, repo, dir);
      removeLeft(dir);
    }
  }
}
