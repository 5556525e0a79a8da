import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { capture } from '#host/capture';
import { cleanEnv } from '#host/env';
import { processesIn } from '#host/processes';
import { eventsPath, sprintsDir } from '../common/paths.ts';
import { eventOf, loopIn, START, startCommand, tinyRepository } from '../fixtures/loop.ts';
import { branchOf, git } from '../fixtures/repo.ts';
import { finish, type Step, start, train, wait, write } from '../fixtures/scripted.ts';
import { withSecretWorlds } from '../fixtures/secret-worlds.ts';
import { readEvents } from '../journal/events.ts';
import { readSprints } from '../ledger/ledger.ts';
import { keyOf } from './key.ts';
import { pairsOfSprints } from './store.ts';

const sprint = (slug: string, f1: number, experiment = 'plain'): Step[] => [
  start(slug),
  write(f1),
  train(experiment),
  wait,
  finish(),
];
const measured = (repo: string) =>
  readEvents(eventsPath(repo)).flatMap((e) => (e.type === 'confirm.measured' ? [`${e.of} ${e.draw}`] : []));

// killed.e2e.test.ts has SIGKILL.
it('goes on with the same key and worlds after a SIGTERM while confirming', async () => {
  // The runs of the second sprint take two seconds each.
  const night = [sprint('base', 0.6), sprint('better', 0.7, 'steady')];
  const repo = withSecretWorlds(tinyRepository(night), '{ f1, mcc }');
  const loop = startCommand(repo, 'loop', '--sandbox', 'off');
  const started = await eventOf(repo, 'confirm.started', ({ best }) => best !== null);
  await eventOf(repo, 'confirm.measured', (event) => event.sprint === started.sprint);
  loop.child.kill('SIGTERM');
  await loop.ended;
  const before = measured(repo);
  await loopIn(repo, {});
  const [base, better] = readSprints(sprintsDir(repo));
  expect([base?.outcome, better?.outcome]).toEqual(['new-best', 'new-best']);
  // No run on a secret world is made twice, but the one that was cut off.
  const all = measured(repo);
  expect(all.slice(0, before.length)).toEqual(before);
  expect(all.slice(0, 3)).toEqual(['candidate 0', 'candidate 1', 'candidate 2']);
  expect(all.slice(3).sort()).toEqual([
    // The last three of the best and of the best before are those of the end of the night.
    ...['best 3', 'best 4', 'best 5', 'best again 1', 'best again 3', 'best again 3', 'best again 4'],
    ...['best before 5', 'candidate 1', 'candidate 3', 'candidate 4'],
  ]);
  expect(base?.confirmed?.key).toBe(keyOf(repo, branchOf(repo)).hash);
  expect(better?.confirmed).toMatchObject({ key: base?.confirmed?.key, nth: 1 });
  const pairs = pairsOfSprints(keyOf(repo, branchOf(repo)).folder)[better?.id ?? ''];
  expect(pairs?.map(({ draw, kept }) => [draw, kept])).toEqual([
    [3, false],
    [1, true],
    [4, false],
    [5, false],
  ]);
  expect(processesIn(repo)).toEqual([]);
});

it('holds a gain that there is no time to confirm', async () => {
  const repo = withSecretWorlds(tinyRepository([sprint('base', 0.6)]), '{ f1, mcc }', '{ share: 0.0001 }');
  await loopIn(repo, {});
  const [base] = readSprints(sprintsDir(repo));
  expect(base?.outcome).toBe('held');
  expect(base?.reason).toMatch(
    /not confirmed on secret worlds, so it is held: it takes about .* at most 0% of its/,
  );
  expect(base?.confirmed).toBeUndefined();
});

it('publishes the key, with which everybody can check a confirmed number', async () => {
  const night = [sprint('base', 0.6), sprint('better', 0.8)];
  const repo = withSecretWorlds(tinyRepository(night), '{ f1: f1 / 2, mcc }');
  await loopIn(repo, { maxSprints: 1 });
  const [base] = readSprints(sprintsDir(repo));
  const branch = branchOf(repo);
  const cli = (name: string, ...args: string[]) => {
    const file = join(import.meta.dirname, '../cli', `${name}.ts`);
    const argv = ['node', START, file, ...args];
    return capture({ argv, cwd: repo, env: cleanEnv(), timeoutSeconds: 280 });
  };
  const run = base?.candidate ?? '';
  const check = (key: string, draw: number) =>
    cli('reproduce', run, '--key', key, '--draw', String(draw), '--sandbox', 'off');
  expect((await check('ab'.repeat(32), 1)).complaint).toMatch(
    /--key: its SHA-256 is .*, and .* was confirmed by/,
  );
  const inUse = keyOf(repo, branch).key.toString('hex');
  expect((await check(inUse, 1)).complaint).toMatch(/--key: gains are still confirmed by it/);

  const published = await cli('publish');
  expect(published.complaint).toBeNull();
  const key = /^key ([0-9a-f]{64})$/m.exec(published.stdout)?.[1] ?? '';
  const file = JSON.parse(git(repo, 'show', `${branch}:sprints/secret-worlds.json`));
  expect(file).toMatchObject([{ hash: base?.confirmed?.key, key }]);
  expect(git(repo, 'log', '-1', '--format=%s', branch)).toBe('Publish the key of the secret worlds');

  const checked = await check(key, 1);
  expect(checked.stdout).toContain('f1 holds on secret world 1: 0.3000, recorded 0.3000');
  expect(checked.exit.code).toBe(0);
  expect((await cli('publish')).complaint).toContain('has no key of secret worlds in this checkout');

  // The next start makes a new key, and publishes its hash beside the old key.
  await loopIn(repo, { maxSprints: 1 });
  const after = JSON.parse(git(repo, 'show', `${branch}:sprints/secret-worlds.json`));
  expect(after.map((one: { key?: string }) => one.key)).toEqual([key, undefined]);
  expect(readdirSync(join(repo, 'state/secret'))).toHaveLength(2);

  // The best was measured by the new key too, on worlds of the same numbers.
  const second = /^key ([0-9a-f]{64})$/m.exec((await cli('publish')).stdout)?.[1] ?? '';
  expect((await check(second, 1)).stdout).toContain('f1 holds on secret world 1: 0.3000, recorded 0.3000');
});
