import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readTask } from '#contract/task';
import { tinyRepository } from '../fixtures/loop.ts';
import { withSecretWorlds } from '../fixtures/secret-worlds.ts';
import { keyOf } from './key.ts';
import { SecretStore } from './store.ts';

it('draws a world that is forgotten anew, and leaves what the other run of its pair may read', async () => {
  const repo = withSecretWorlds(tinyRepository(), '{ f1, mcc }');
  const task = readTask(join(repo, 'TASK.md'));
  const store = new SecretStore(keyOf(repo, 'run/a'));
  const of = { task, repo, profileName: 'tiny', leaderboard: 'tiny-1', draw: 3 };
  const text = (folder: string) => readFileSync(join(folder, 'world.json'), 'utf8');
  const first = await store.world(of);
  store.forgetWorld(of.leaderboard, of.draw);
  const second = await store.world(of);
  expect(second.hash).toBe(first.hash);
  expect(second.folder).not.toBe(first.folder);
  expect(existsSync(first.folder)).toBe(true);
  expect(text(second.folder)).toBe(text(first.folder));
  expect(await store.world(of)).toEqual(second);
});
