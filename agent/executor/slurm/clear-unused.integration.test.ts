import { mkdirSync, readdirSync, utimesSync } from 'node:fs';
import { expect, it } from 'vitest';
import { confirmingDir } from '../../common/paths.ts';
import { emptyFolder } from '../../fixtures/repo.ts';
import { clearUnused } from './clear-unused.ts';
import { putInPath } from './fixtures/commands.ts';

const NOW = 1e12;

/** The folders of jobs, of so many seconds of age, that are left where squeue does this. */
async function left(squeue: string, ages: Record<string, number>): Promise<string[]> {
  const repo = emptyFolder();
  for (const [job, age] of Object.entries(ages)) {
    mkdirSync(`${confirmingDir(repo, job)}/out`, { recursive: true });
    utimesSync(confirmingDir(repo, job), NOW / 1000, NOW / 1000 - age);
  }
  putInPath({ squeue });
  await clearUnused(repo, NOW);
  return readdirSync(confirmingDir(repo, '')).sort();
}

it('removes what no job uses, and leaves what one uses or may use at once', async () => {
  const ages = { 'loop-gone': 600, 'loop-ended': 600, 'loop-runs': 600, 'loop-new': 10 };
  const queue = `printf 'loop-ended|7|CANCELLED|None|\\nloop-runs|8|RUNNING|None|n1\\n'`;
  expect(await left(queue, ages)).toEqual(['loop-new', 'loop-runs']);
});

it('leaves all where Slurm does not answer, and does not ask where there is nothing', async () => {
  expect(await left('exit 1', { 'loop-gone': 600 })).toEqual(['loop-gone']);
  await clearUnused(emptyFolder());
});
