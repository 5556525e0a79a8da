import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { exampleTask } from '../fixtures/examples.ts';
import { refuseSharedSecrets } from './shared-secrets.ts';

const repo = mkdtempSync(join(tmpdir(), 'shared-secrets-'));
const task = (slurm: boolean, drawWorld?: string) =>
  exampleTask((contract) => {
    if (slurm) contract.executor = { slurm: { resources: {}, sbatch: [] } };
    contract.drawWorld = drawWorld;
  });

it('refuses keys of secret worlds where the nodes of a cluster read', () => {
  expect(() => refuseSharedSecrets(task(true, 'draw'), repo)).toThrow(
    /TASK.md: executor: slurm, and .*state\/secret lies on the same file system .* ln -s .*, or remove drawWorld/,
  );
  for (const other of [task(false, 'draw'), task(true)]) refuseSharedSecrets(other, repo);
});

it('takes a link to a disk of this machine, unless it leads nowhere', () => {
  const own = mkdtempSync(join(tmpdir(), 'own-disk-'));
  mkdirSync(join(repo, 'state'));
  symlinkSync(own, join(repo, 'state/secret'));
  const disk = (path: string) => (path.endsWith('secret') ? 1 : 2);
  refuseSharedSecrets(task(true, 'draw'), repo, disk);
  // The link itself does not make it another disk.
  expect(() => refuseSharedSecrets(task(true, 'draw'), repo)).toThrow('lies on the same file system');
  rmSync(own, { recursive: true });
  expect(() => refuseSharedSecrets(task(true, 'draw'), repo, disk)).toThrow('leads nowhere on this machine');
});
