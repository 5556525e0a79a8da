import { existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { git, newRepo } from '../fixtures/repo.ts';
import { takeRunBranch } from '../fixtures/run-branch.ts';
import { linkIgnored } from './link-ignored.ts';

it('a task finds its ignored data and programs in the loop’s worktree, and no secrets', async () => {
  const repo = newRepo({
    ...{ 'work/a.txt': 'a\n', 'bench/b.txt': 'b\n' },
    '.gitignore': '/state/\n/checkpoints\ndata/\n.venv/\n.env\nnode_modules/\n*.bin\n',
  });
  const put = (path: string) => {
    mkdirSync(dirname(join(repo, path)), { recursive: true });
    writeFileSync(join(repo, path), path);
  };
  const shown = ['data/train.txt', '.venv/bin/python', 'bench/data/x', 'rows.bin'];
  const kept = ['.env', 'node_modules/p/index.js', 'work/data/mine', 'work/own.bin'];
  for (const path of [...shown, ...kept]) put(path);
  const { folder } = await takeRunBranch(repo);
  for (let twice = 0; twice < 2; twice++) await linkIgnored(folder, 'work');
  for (const path of shown) expect(readFileSync(join(folder, path), 'utf8')).toBe(path);
  for (const path of kept) expect(existsSync(join(folder, path)), path).toBe(false);
  expect(lstatSync(join(folder, 'bench/b.txt')).isFile()).toBe(true);
  expect(git(repo, 'status', '--porcelain')).toBe('');
});

it('what lies in the worktree stays', async () => {
  const repo = newRepo({ 'work/a.txt': 'a\n', '.gitignore': '/state/\n/checkpoints\n/data\n' });
  const { folder } = await takeRunBranch(repo);
  for (const root of [repo, folder]) {
    mkdirSync(join(root, 'data'));
    writeFileSync(join(root, 'data/x'), root);
  }
  await linkIgnored(folder, 'work');
  expect(readFileSync(join(folder, 'data/x'), 'utf8')).toBe(folder);
});
