import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { isWork, linkedFiles } from './links.ts';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'links-')));
afterAll(() => rmSync(root, { recursive: true }));
const folder = (...names: string[]) => {
  mkdirSync(join(root, ...names), { recursive: true });
  return join(root, ...names);
};
const secret = join(folder('home'), 'key');
writeFileSync(secret, 'secret');

it('are those that the links of a folder lead to, and no folders', () => {
  const own = folder('own');
  writeFileSync(join(own, 'plain'), '');
  symlinkSync(secret, join(own, 'cfg.json'));
  symlinkSync(folder('home'), join(own, 'all'));
  symlinkSync('nothing', join(own, 'gone'));
  symlinkSync(own, join(root, 'by-its-name'));
  expect(linkedFiles(own)).toEqual([secret]);
  expect(linkedFiles(join(root, 'by-its-name'))).toEqual([secret]);
  expect(linkedFiles(own, { hubOnly: true })).toEqual([]);
});

it('are the blobs alone, where links may be somebody else’s', () => {
  const [blobs, snapshot] = [folder('model', 'blobs'), folder('model', 'snapshots', 'abc', 'layer_1')];
  writeFileSync(join(blobs, 'e7a6'), '{}');
  symlinkSync('../../../blobs/e7a6', join(snapshot, 'cfg.json'));
  symlinkSync(secret, join(snapshot, 'key'));
  expect(linkedFiles(snapshot, { hubOnly: true })).toEqual([join(blobs, 'e7a6')]);
  expect(linkedFiles(snapshot)).toHaveLength(2);
  // This folder only looks like a hub's cache.
  const made = folder('made', 'snapshots', 'abc');
  symlinkSync(folder('home'), join(root, 'made', 'blobs'));
  symlinkSync('../../blobs/key', join(made, 'cfg.json'));
  expect(linkedFiles(made, { hubOnly: true })).toEqual([]);
});

it('may be somebody else’s in the repository, and below a run that lies elsewhere', () => {
  const [repo, run] = [folder('repo'), folder('disk', 'run')];
  writeFileSync(join(run, 'run.json'), '{}');
  symlinkSync(repo, join(root, 'repo-by-its-name'));
  for (const named of [repo, join(root, 'repo-by-its-name')]) {
    expect(isWork(folder('repo', 'made'), named)).toBe(true);
    expect(isWork(folder('disk', 'run', 'out', 'made'), named)).toBe(true);
    expect(isWork(folder('model', 'snapshots', 'abc'), named)).toBe(false);
  }
});
