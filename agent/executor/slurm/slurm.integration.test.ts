import { existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { inJob } from '../../common/paths.ts';
import { readJob, writeJob } from './files.ts';
import { putInPath } from './fixtures/commands.ts';
import { SlurmExecutor } from './slurm.ts';

it('takes the last job of a run on a secret world out of Slurm, and what nodes saw of it away', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'left-'));
  const [dir, shared, gone] = ['run', 'loop-0', 'gone'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  writeJob(dir, { name: 'loop-0', id: null, shared });
  // The first one came to its time limit.
  writeJob(shared, { name: 'loop-1', id: '8' });
  mkdirSync(join(shared, 'out'));
  putInPath({
    squeue: `[ -e ${gone} ] || case "$*" in *--name=loop-1*) echo "loop-1|8|RUNNING|None|n1" ;; esac`,
    scancel: `echo "$@" >> ${gone}`,
  });
  expect(await new SlurmExecutor().endLeft(dir)).toBe(true);
  expect(readFileSync(gone, 'utf8').trim()).toBe('--name=loop-1');
  expect([existsSync(shared), existsSync(inJob(dir).job), readJob(dir)]).toEqual([false, false, null]);
});
