import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { newName } from './names.ts';

it('gives a name once, and each kind its own', () => {
  const repo = mkdtempSync(join(tmpdir(), 'names-'));
  const names = ['a', 'a', 'b', 'a', 'a-2'].map((wanted) => newName(repo, 'runs', wanted));
  expect(names).toEqual(['a', 'a-2', 'b', 'a-3', 'a-2-2']);
  expect(newName(repo, 'sprints', 'a')).toBe('a');
  expect(() => newName(repo, 'runs', 'no/such/folder')).toThrow('ENOENT');
});
