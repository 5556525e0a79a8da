import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { git } from './git.ts';
import { secretFiles } from './secrets.ts';

it('finds the files that hold keys, also those of the checkout that a worktree belongs to', async () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'secrets-')));
  const main = join(folder, 'main');
  const tree = join(folder, 'tree');
  mkdirSync(main);
  await git(main, ['init', '-q']);
  for (const name of ['.env', '.env.local', '.npmrc', 'environment.ts']) writeFileSync(join(main, name), '');
  await git(main, ['add', 'environment.ts']);
  const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.org'];
  await git(main, [...identity, 'commit', '-qm', 'Start']);
  await git(main, ['worktree', 'add', '-q', tree]);
  expect(secretFiles(main)).toEqual(
    ['.env', '.env.local', '.npmrc', '.git/config'].map((name) => join(main, name)),
  );
  expect(secretFiles(tree)).toEqual([join(main, '.git/config')]);
  rmSync(folder, { recursive: true });
});
