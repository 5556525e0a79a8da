import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { confirmingDir } from '../common/paths.ts';
import { readJob, writeJob } from '../executor/slurm/files.ts';
import { putInPath } from '../executor/slurm/fixtures/commands.ts';
import { SlurmExecutor } from '../executor/slurm/slurm.ts';
import { emptyFolder } from '../fixtures/repo.ts';
import { keyOf } from './key.ts';
import { endLeftElsewhere } from './left-elsewhere.ts';

const job = (n: number) => `loop-${String(n).repeat(16)}`;

/** The folder of a run that a killed loop left on a branch, as a job with a folder of this checkout. */
function left(repo: string, branch: string, name: string, of = repo): string {
  const dir = join(keyOf(repo, branch).folder, 'runs', name);
  const shared = confirmingDir(of, name);
  mkdirSync(join(shared, 'out'), { recursive: true });
  writeJob(shared, { name, id: null });
  writeJob(dir, { name, id: null, shared });
  return dir;
}

it('takes the jobs of other branches of its checkout out of Slurm, with their folders, and no others', async () => {
  const [repo, another] = [emptyFolder(), emptyFolder()];
  const waits = left(repo, 'run/before', job(1));
  const forgotten = left(repo, 'run/before', job(2));
  const present = left(repo, 'run/present', job(3));
  // Another checkout keeps its secrets in the same folder, and its loop runs.
  const foreign = left(repo, 'run/of-another', job(4), another);
  const local = join(keyOf(repo, 'run/before').folder, 'runs/local');
  mkdirSync(local);
  const asked = join(repo, 'scancel');
  writeFileSync(asked, '');
  putInPath({
    squeue: `grep -q ${job(1)} ${asked} || case "$*" in *--name=${job(1)}*) echo "${job(1)}|8|PENDING|Priority|" ;; esac`,
    scancel: `echo "$@" >> ${asked}`,
  });
  await endLeftElsewhere(new SlurmExecutor(), repo, keyOf(repo, 'run/present').folder);
  expect(readFileSync(asked, 'utf8').trim()).toBe(`--name=${job(1)}`);
  expect([waits, forgotten, present, foreign, local].map(existsSync)).toEqual([
    false,
    false,
    true,
    true,
    true,
  ]);
  expect(readdirSync(confirmingDir(repo, ''))).toEqual([job(3)]);
  expect([readJob(present)?.name, readJob(foreign)?.name]).toEqual([job(3), job(4)]);
  expect(existsSync(confirmingDir(another, job(4)))).toBe(true);
});
