import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { capture } from '#host/capture';
import { cleanEnv } from '#host/env';
import { worktreeOf } from '#host/worktree';
import { secretDir, sprintsDir } from '../common/paths.ts';
import { eventOf, loopIn, START, startCommand, tinyRepository } from '../fixtures/loop.ts';
import { branchOf, emptyFolder, git } from '../fixtures/repo.ts';
import { finish, sprintTo, start, train, wait, write } from '../fixtures/scripted.ts';
import { withSecretWorlds } from '../fixtures/secret-worlds.ts';
import { readSprints } from '../ledger/ledger.ts';
import { publishedDir } from './key.ts';

const publish = (repo: string) => {
  const file = join(import.meta.dirname, '../cli/publish.ts');
  const argv = ['node', START, file];
  return capture({ argv, cwd: repo, env: cleanEnv(), timeoutSeconds: 280 });
};
const published = (repo: string): { hash: string; key?: string }[] =>
  JSON.parse(git(repo, 'show', `${branchOf(repo)}:sprints/secret-worlds.json`));

it('publishes the hash of a new key before it confirms a sprint that was left open', async () => {
  // The runs of the second sprint take two seconds each.
  const left = [start('better'), write(0.7), train('steady'), wait, finish()];
  const repo = withSecretWorlds(tinyRepository([sprintTo('base', 0.6), left]), '{ f1, mcc }');
  const loop = startCommand(repo, 'loop', '--sandbox', 'off');
  await eventOf(repo, 'confirm.started', ({ best }) => best !== null);
  loop.child.kill('SIGKILL');
  await loop.ended;
  expect((await publish(repo)).complaint).toBeNull();
  await loopIn(repo, {});
  const [base, better] = readSprints(sprintsDir(repo));
  expect(better?.outcome).toBe('new-best');
  expect(published(repo)).toMatchObject([
    { hash: base?.confirmed?.key, key: expect.any(String) },
    { hash: better?.confirmed?.key },
  ]);
  expect(better?.confirmed?.key).not.toBe(base?.confirmed?.key);
  const subjects = git(repo, 'log', '-3', '--format=%s', branchOf(repo)).split('\n');
  expect(subjects).toEqual([
    'Sprint 2, measured again at the end of the night, it holds',
    'Sprint 2: Try better (new-best)',
    'Publish the hash of the key of the secret worlds',
  ]);
});

it('confirms nothing by a key that was published where a crash kept it in place', async () => {
  const repo = withSecretWorlds(tinyRepository([sprintTo('base', 0.6)]), '{ f1, mcc }');
  await loopIn(repo, {});
  const [{ hash = '' } = {}] = published(repo);
  expect((await publish(repo)).complaint).toBeNull();
  const folder = secretDir(repo, branchOf(repo));
  renameSync(publishedDir(repo, branchOf(repo), hash), folder);
  await expect(loopIn(repo, { maxSprints: 1 })).rejects.toThrow(
    /is published, .*: npm run publish-key -- run/,
  );
  expect((await publish(repo)).complaint).toBeNull();
  // A crash after the file was written and before it was committed.
  writeFileSync(join(worktreeOf(repo), 'sprints/secret-worlds.json'), 'half');
  await loopIn(repo, { maxSprints: 1 });
  expect(published(repo).map(({ key }) => key !== undefined)).toEqual([true, false]);
});

it('confirms against a best whose run was trained in another checkout', async () => {
  // After a stacked change the workspace has not the tree of the best.
  const night = [sprintTo('base', 0.6), sprintTo('small', 0.612), sprintTo('better', 0.7)];
  const repo = withSecretWorlds(tinyRepository(night), '{ f1, mcc }', '{ share: 1, looks: [2, 3, 4] }');
  await loopIn(repo, { maxSprints: 2 });
  const clone = join(emptyFolder(), 'clone');
  git(repo, 'clone', '-q', '--no-local', '--single-branch', '--branch', branchOf(repo), repo, clone);
  git(clone, 'switch', '-q', '--detach');
  await loopIn(clone, { maxSprints: 1 });
  const [base, small, better] = readSprints(sprintsDir(clone));
  expect(small?.outcome).toBe('stacked');
  expect(better?.confirmed).toMatchObject({ result: 'confirmed', nth: 1, best: { sprint: base?.id } });
});
