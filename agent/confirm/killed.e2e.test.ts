import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Sprint } from '#contract/sprint';
import { processesIn } from '#host/processes';
import { worktreeOf } from '#host/worktree';
import { wholeLines } from '../common/lines.ts';
import { eventsPath, sprintsDir } from '../common/paths.ts';
import { eventOf, loopIn, startCommand, tinyRepository } from '../fixtures/loop.ts';
import { branchOf, emptyFolder, git } from '../fixtures/repo.ts';
import { finish, type Step, sprintTo, start, train, wait, write } from '../fixtures/scripted.ts';
import { withSecretWorlds } from '../fixtures/secret-worlds.ts';
import { readEvents } from '../journal/events.ts';
import { readSprints } from '../ledger/ledger.ts';
import { keyOf } from './key.ts';
import { type OnSecretWorld, pairsOfSprints } from './store.ts';

/** A sprint whose runs take two seconds each. */
const steady = (slug: string, f1: number): Step[] => [
  start(slug),
  write(f1),
  train('steady'),
  wait,
  finish(),
];
const CONFIRM = '{ share: 1, looks: [2, 3, 4] }';

/** Starts a loop, kills it when `when` has come, and lets another one end what is left. */
async function killed(repo: string, when: () => Promise<unknown>): Promise<Sprint[]> {
  const loop = startCommand(repo, 'loop', '--sandbox', 'off');
  await when();
  loop.child.kill('SIGKILL');
  await loop.ended;
  await loopIn(repo, {});
  expect(processesIn(repo)).toEqual([]);
  expect(git(worktreeOf(repo), 'status', '--porcelain')).toBe('');
  return readSprints(sprintsDir(repo));
}

/** What was measured: each run on each world once, each world under one number, and no run left. */
function soundIn(repo: string): OnSecretWorld[] {
  const { folder } = keyOf(repo, branchOf(repo));
  const lines = wholeLines(join(folder, 'verdicts.jsonl')).map(
    (line): OnSecretWorld => JSON.parse(String(line)),
  );
  const runs = lines.map(({ draw, spec, again }) => `${draw} ${spec.tree} ${spec.samples} ${again}`);
  expect(new Set(runs).size).toBe(runs.length);
  const worlds = new Map(lines.map(({ draw, world }) => [draw, world]));
  for (const { draw, world } of lines) expect(worlds.get(draw)).toBe(world);
  expect(new Set(worlds.values()).size).toBe(worlds.size);
  const events = readEvents(eventsPath(repo)).filter(({ type }) => type === 'confirm.measured');
  expect(events.length).toBe(lines.length);
  expect(existsSync(join(folder, 'runs')) ? readdirSync(join(folder, 'runs')) : []).toEqual([]);
  return lines;
}

it('makes a run whose retry after a fault of our own was killed, on the same world, and counts no try', async () => {
  const folder = emptyFolder();
  const [once, retry] = ['once', 'retry'].map((name) => join(folder, name));
  // The first verdict on the candidate is a fault of the judge; the second one takes long, the first time.
  const there = `f1 === 0.7 && !existsSync('${once}') ? (writeFileSync('${once}', ''), process.exit(75)) : f1 === 0.7 && !existsSync('${retry}') ? (writeFileSync('${retry}', ''), Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60000), { f1, mcc }) : { f1, mcc }`;
  const repo = withSecretWorlds(
    tinyRepository([sprintTo('base', 0.6), sprintTo('better', 0.7)]),
    there,
    CONFIRM,
  );
  const [base, better] = await killed(repo, async () => {
    while (!existsSync(retry ?? '')) await sleep(50);
  });
  const lines = soundIn(repo);
  expect(better).toMatchObject({ outcome: 'new-best', confirmed: { nth: 1, result: 'confirmed' } });
  expect(lines.every(({ result }) => 'metrics' in result)).toBe(true);
  // Its worlds are those that were planned before: the two of the first best are 0 and 1.
  const pairs = pairsOfSprints(keyOf(repo, branchOf(repo)).folder);
  expect(pairs[base?.id ?? '']?.map(({ draw }) => draw)).toEqual([0, 1]);
  expect(pairs[better?.id ?? '']?.[0]?.draw).toBe(2);
});

it('goes on with the confirming of a stacked change, which is stacked once', async () => {
  const night = [sprintTo('base', 0.6), steady('small', 0.612), sprintTo('on-top', 0.64)];
  const repo = withSecretWorlds(tinyRepository(night), '{ f1, mcc }', CONFIRM);
  const sprints = await killed(repo, async () => {
    const { sprint } = await eventOf(repo, 'confirm.started', ({ best }) => best !== null);
    await eventOf(repo, 'confirm.measured', (event) => event.sprint === sprint);
  });
  soundIn(repo);
  const [base] = sprints;
  expect(sprints.map(({ outcome, confirmed }) => [outcome, confirmed?.nth, confirmed?.best?.sprint])).toEqual(
    [
      ['new-best', 1, undefined],
      ['stacked', 1, base?.id],
      ['new-best', 2, base?.id],
    ],
  );
});

it('goes on with the check at the end of a night, on the same world, which nothing else uses', async () => {
  const repo = withSecretWorlds(
    tinyRepository([sprintTo('base', 0.6), steady('better', 0.7)]),
    '{ f1, mcc }',
    CONFIRM,
  );
  let draw = -1;
  const [base, better] = await killed(repo, async () => {
    ({ draw } = await eventOf(
      repo,
      'confirm.measured',
      ({ sprint, of }) => sprint === null && of !== 'best again',
    ));
  });
  const lines = soundIn(repo);
  expect(better).toMatchObject({ outcome: 'new-best', checked: { holds: true }, confirmed: { nth: 1 } });
  expect(
    lines
      .filter((line) => line.draw === draw)
      .map(({ as, spec }) => [as, spec.experiment])
      .sort(),
  ).toEqual([
    ['best', 'plain'],
    ['best', 'steady'],
  ]);
  const pairs = pairsOfSprints(keyOf(repo, branchOf(repo)).folder);
  expect(pairs[better?.id ?? '']?.at(-1)?.draw).toBe(draw);
  expect(pairs[base?.id ?? '']?.map((pair) => pair.draw)).not.toContain(draw);
  expect(git(worktreeOf(repo), 'log', '--format=%s', 'main..').match(/measured again/g)).toHaveLength(1);
});
