import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Asked, readJob } from './files.ts';
import { putInPath } from './fixtures/commands.ts';
import { submit } from './submit.ts';

// Scripts stand for Slurm's commands, since no real cluster refuses and comes back at a wished instant.
const says = (words: string, code = 0) => `echo '${words}' >&${code === 0 ? 1 : 2}; exit ${code}`;
/** Fails at first, and at the question whether it would do so now with that code. */
const sbatch = (words: string, now: number) => `
[ "$1" = --test-only ] && exit ${now}
${says(words, 1)}`;
const [UP, DOWN] = [says('UP'), says('DOWN', 1)];
const NONE = says('');

async function submitted(scripts: Record<string, string>) {
  putInPath(scripts);
  const dir = mkdtempSync(join(tmpdir(), 'submit-'));
  mkdirSync(join(dir, 'slurm'));
  const asked = { name: 'loop-00', taskPath: 'TASK.md' } as Asked;
  return { dir, answer: await submit({ slurm: { resources: {}, sbatch: [] }, dir, asked }) };
}

it('notes the job', async () => {
  const { dir, answer } = await submitted({ sbatch: says('12;north') });
  expect(answer).toEqual({ id: '12' });
  expect(readJob(dir)).toEqual({ name: 'loop-00', id: '12' });
});

it.each([
  ['no controller answers, whatever the words', sbatch('sbatch: error: a new word for it', 1), DOWN],
  ['Slurm was away for a moment', sbatch('sbatch: error: Unable to contact slurm controller', 0), UP],
])('waits where %s', async (_, script, scontrol) => {
  const { dir, answer } = await submitted({ sbatch: script, scontrol, squeue: NONE });
  expect(answer).toEqual({ waits: 'Slurm does not answer' });
  expect(readJob(dir)).toBeNull();
});

it('is refused by a Slurm that answers, though its words are of a failed connection', async () => {
  const script = sbatch('sbatch: error: communication timed out', 1);
  await expect(submitted({ sbatch: script, scontrol: UP, squeue: says('bash') })).rejects.toThrow(
    'Slurm refused the job: communication timed out; see executor.slurm in TASK.md',
  );
});

it('waits where other runs are in the queue, since there may be a most', async () => {
  const squeue = says('loop-0123456789abcdef');
  const { answer } = await submitted({ sbatch: sbatch('sbatch: error: no more', 1), scontrol: UP, squeue });
  expect(answer).toEqual({ waits: 'Slurm refuses another job now: no more' });
});
