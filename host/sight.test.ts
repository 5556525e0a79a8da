import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { isSeen } from './sight.ts';

const outside = realpathSync(mkdtempSync(join(tmpdir(), 'sight-')));
const repo = join(outside, 'repo');
for (const folder of ['sae', 'checkpoints', 'state/worktree/sae'])
  mkdirSync(join(repo, folder), { recursive: true });
symlinkSync(join(repo, 'checkpoints'), join(outside, 'link'));
symlinkSync(join(repo, 'state'), join(repo, 'hidden-link'));
afterAll(() => rmSync(outside, { recursive: true }));

it.each([
  ['a folder of the checkout', join(repo, 'tables'), true],
  ['a run folder, which git ignores', join(repo, 'checkpoints/run/tables'), true],
  ['the checkout itself', repo, true],
  ['the loop’s worktree, which lies in state/', join(repo, 'state/worktree/tables'), true],
  ['a link into the checkout', join(outside, 'link/tables'), true],
  ['a place of the machine that no sandbox hides', '/srv/tables', true],
  ['state/', join(repo, 'state/inspected/run'), false],
  ['a link into state/', join(repo, 'hidden-link/run'), false],
  ['trees of the worktree', join(repo, 'state/worktree/state/tables'), false],
  ['a temporary folder', join(outside, 'tables'), false],
  ['a folder whose name begins with that of the checkout', `${repo}-tables`, false],
  ['a home', '/root/tables', false],
])('the researcher’s shell sees %s: %#', (_, path, seen) => {
  expect(isSeen(path, repo)).toBe(seen);
});

it('the researcher’s shell does not see folders that TASK.md names as worlds', () => {
  const [inside, other] = [join(repo, 'acts/layer-6'), join(repo, 'worlds')];
  for (const folder of [inside, other]) mkdirSync(folder, { recursive: true });
  expect([inside, other].map((path) => isSeen(join(path, 'shard'), repo))).toEqual([true, true]);
  const profiles = `  a: { world: activations:${inside}, batch: 8 }\n  b:\n    world: "worlds" # with features\n`;
  writeFileSync(join(repo, 'TASK.md'), `---\nprofiles:\n${profiles}  c:\n    world: small\n---\n`);
  expect([inside, other].map((path) => isSeen(join(path, 'shard'), repo))).toEqual([false, false]);
  expect(isSeen(join(repo, 'acts/other'), repo)).toBe(true);
  // A world that holds the checkout would cover all of it.
  writeFileSync(join(repo, 'TASK.md'), 'world: activations:..\n');
  expect(isSeen(join(repo, 'sae'), repo)).toBe(true);
});
