import { UserError } from '#contract/errors';
import type { Slurm } from '#contract/executor';
import { askSlurm, sbatchWords } from './commands.ts';
import { type Asked, writeJob } from './files.ts';

/** Refusals that pass: the queue has no room for another job of this user or account. */
const FULL = /submit limit|max ?submit|maximum.*jobs|job count/i;

/**
 * Submits a job, and notes which one it is. Null where Slurm does not answer, or has no room now: it may have
 * taken the job all the same, which its name tells.
 * @throws UserError with Slurm's own line where it refuses the job.
 */
export async function submit(of: { slurm: Slurm; dir: string; asked: Asked }): Promise<string | null> {
  const { slurm, dir, asked } = of;
  const answer = await askSlurm(sbatchWords(slurm, { name: asked.name, dir }));
  if ('silent' in answer) return null;
  if ('refused' in answer) {
    if (FULL.test(answer.refused)) return null;
    throw new UserError(`Slurm refused the job: ${answer.refused}; see executor.slurm in ${asked.taskPath}`);
  }
  // With several clusters the answer is "<id>;<cluster>".
  const [id = ''] = answer.stdout.trim().split(';');
  writeJob(dir, { name: asked.name, id });
  return id;
}
