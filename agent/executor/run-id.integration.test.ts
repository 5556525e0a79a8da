import { execFileSync } from 'node:child_process';
import { basename } from 'node:path';
import { expect, it } from 'vitest';
import { emptyFolder, newRepo } from '../fixtures/repo.ts';
import { claimRunFolder, runRef } from './run-id.ts';

const named = (settings: Record<string, string>) => {
  const { id, dir } = claimRunFolder({ repo: emptyFolder(), experiment: 'wide net', settings, seed: 3 });
  expect(basename(dir)).toBe(id);
  return id.slice('2026-02-19--10-37-12-'.length);
};

it('a run folder says experiment, set values and seed', () => {
  expect(named({})).toBe('wide-net-s3');
  expect(named({ k: '4', lr: '1e-3' })).toBe('wide-net-k=4-lr=1e-3-s3');
  expect(named({ widths: '[4,16]', over: '1/3', low: '-2' })).toBe('wide-net-widths=4-16-over=1-3-low=-2-s3');
});

it('whatever is set, git and the file system take the name', () => {
  const hostile = named({ 'a/../b': '~^:?*[\\', text: 'x'.repeat(500), later: '1' });
  expect(hostile).toBe('wide-net-a-.-b-etc-s3');
  const repo = newRepo({ a: '' });
  execFileSync('git', ['update-ref', runRef(hostile), 'HEAD'], { cwd: repo });
});

it('names that are taken get a number', () => {
  const repo = emptyFolder();
  const claim = () => claimRunFolder({ repo, experiment: 'a', settings: { k: '1' }, seed: 0 }).id;
  const [first, ...others] = [claim(), claim(), claim()];
  // A second may end between them.
  for (const id of others) expect(id).not.toBe(first);
});
