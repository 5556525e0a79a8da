import { UserError } from '#contract/errors';
import type { Slurm } from '#contract/executor';
import { askSlurm } from './ask.ts';
import { sbatchWords } from './commands.ts';
import { type Asked, writeJob } from './files.ts';
import { hasRuns } from './queue.ts';

/** The job; or why it waits to be submitted again. */
export type Submitted = { id: string } | { waits: string };

export const NO_ANSWER: Submitted = { waits: 'Slurm does not answer' };

/**
 * Submits a job, and notes which one it is. Where Slurm does not answer, it may have taken the job all the
 * same, which its name tells.
 * @throws UserError with Slurm's own line where it refuses the job.
 */
export async function submit(of: { slurm: Slurm; dir: string; asked: Asked }): Promise<Submitted> {
  const { slurm, dir, asked } = of;
  const [sbatch = '', ...words] = sbatchWords(slurm, { name: asked.name, dir });
  const answer = await askSlurm([sbatch, ...words]);
  if ('stdout' in answer) {
    // With several clusters the answer is "<id>;<cluster>".
    const [id = ''] = answer.stdout.trim().split(';');
    writeJob(dir, { name: asked.name, id });
    return { id };
  }
  if ('silent' in answer) return NO_ANSWER;
  // A controller that was away for a moment only has refused nothing.
  const now = await askSlurm([sbatch, '--test-only', ...words]);
  if (!('refused' in now)) return NO_ANSWER;
  // It may be the most jobs of a user or an account, for which Slurm has no code of its own.
  if (await hasRuns()) return { waits: `Slurm refuses another job now: ${answer.refused}` };
  throw new UserError(`Slurm refused the job: ${answer.refused}; see executor.slurm in ${asked.taskPath}`);
}
