import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { LoggedEvent } from '#contract/event';
import type { Sprint } from '#contract/sprint';
import { worktreeOf } from '#host/worktree';
import { secretDir, sprintsDir } from '../common/paths.ts';
import { loopIn, tinyRepository } from '../fixtures/loop.ts';
import { branchOf as branchIn, git, uncommit } from '../fixtures/repo.ts';
import { sprintTo } from '../fixtures/scripted.ts';
import { withSecretWorlds } from '../fixtures/secret-worlds.ts';
import { readSprints } from '../ledger/ledger.ts';
import { pairsOfSprints } from './store.ts';

/** The noise is 0.01. What is above 0.8 in the public world is worth 0.6 on a secret one. */
const night = [
  sprintTo('base', 0.6),
  sprintTo('cheat', 0.9, 0.99),
  sprintTo('worse', 0.55),
  sprintTo('small', 0.612),
  sprintTo('on-top', 0.64),
  sprintTo('large', 0.7),
];
let repo: string;
let sprints: Sprint[];
let events: LoggedEvent[];
beforeAll(async () => {
  const confirm = '{ share: 1, looks: [2, 3, 4], sideBySide: 2 }';
  repo = withSecretWorlds(tinyRepository(night), '{ f1: f1 > 0.8 ? 0.6 : f1, mcc: 0.6 }', confirm);
  ({ events } = await loopIn(repo));
  sprints = readSprints(sprintsDir(repo));
});
const branchOf = () => events.flatMap((e) => (e.type === 'loop.started' ? e.branch : []))[0] ?? '';
const drawsOf = (slug: string) =>
  (pairsOfSprints(secretDir(repo, branchOf()))[sprintOf(slug).id] ?? []).map(({ draw }) => draw);
const sprintOf = (slug: string) => sprints.find((s) => s.id.endsWith(slug)) as Sprint;

describe('a verified gain on secret worlds', () => {
  it('moves the best only where it is confirmed', () => {
    expect(sprints.map((s) => [s.outcome, s.confirmed?.result, s.confirmed?.candidate.n])).toEqual([
      ['new-best', 'confirmed', 2],
      ['no-gain', 'behind', 1],
      ['no-gain', undefined, undefined],
      ['stacked', 'small', 2],
      ['new-best', 'confirmed', 3],
      // One of them at the end of the night.
      ['new-best', 'confirmed', 3],
    ]);
    expect(sprintOf('-cheat').reason).toContain(
      "f1 0.9 against the best's 0.6: a gain of 0.3, but too good to be true: mcc 0.99 (>0.98); on 1 secret world f1 0.6 against the best's 0.6 in the mean: a gain of 0 ± 0.01 (",
    );
    const number = git(worktreeOf(repo), 'show', 'HEAD:work/number.json');
    expect(JSON.parse(number).f1).toBe(0.7);
  });

  it('keeps a small gain in the workspace, and confirms the next one against the last confirmed best', () => {
    expect(sprintOf('-small').change.kept).toBe(true);
    expect(sprintOf('-on-top').confirmed?.best?.sprint).toBe(sprintOf('-base').id);
    expect(sprintOf('-on-top').confirmed?.gain?.mean).toBe(0.04);
  });

  it('uses the numbers of the best again, and one world at least is new to both', () => {
    expect(drawsOf('-base')).toEqual([0, 1]);
    const onTop = drawsOf('-on-top');
    const kept = drawsOf('-large').filter((draw) => onTop.includes(draw));
    expect(kept).toHaveLength(1);
    const made = events.flatMap((e) =>
      e.type === 'confirm.measured' ? [`${e.sprint} ${e.of} ${e.draw}`] : [],
    );
    const large = made.filter((of) => of.startsWith(`${sprintOf('-large').id} best`));
    // Once more on the known world, and twice on the new one before the candidate is confirmed.
    const [, fresh] = large.find((of) => / best \d/.test(of))?.match(/(\d+)$/) ?? [];
    const { id } = sprintOf('-large');
    expect(large.sort()).toEqual(
      [`best ${fresh}`, `best again ${fresh}`, `best again ${kept[0]}`].map((of) => `${id} ${of}`).sort(),
    );
    expect(sprintOf('-large').confirmed?.again).toEqual({ n: 2, loss: 0, less: 0 });
  });

  it('shows the means alone, before the key is published', () => {
    for (const { confirmed } of sprints) expect(confirmed?.pairs ?? []).toEqual([]);
    expect(() => git(worktreeOf(repo), 'grep', '-q', '"draw"', 'HEAD', '--', 'sprints')).toThrow();
  });

  it('counts the confirmings of a key, and publishes its hash before the first sprint', () => {
    expect(sprints.flatMap((s) => s.confirmed?.nth ?? [])).toEqual([1, 1, 2, 3, 4]);
    const published = JSON.parse(git(worktreeOf(repo), 'show', 'HEAD:sprints/secret-worlds.json'));
    expect(published).toEqual([{ hash: sprints[0].confirmed?.key, madeAt: expect.any(String) }]);
    const subjects = git(worktreeOf(repo), 'log', '--reverse', '--format=%s', 'main..').split('\n');
    expect(subjects[1]).toBe('Publish the hash of the key of the secret worlds');
    expect(subjects[2]).toMatch(/^Sprint 1/);
  });

  it('leaves no run of a secret world, and no seed where the researcher could read it', () => {
    expect(readdirSync(join(secretDir(repo, branchOf()), 'runs'))).toEqual([]);
    expect(readdirSync(join(repo, 'checkpoints')).filter((name) => /-s\d{6,}/.test(name))).toEqual([]);
  });
});

it('trains the best in full at the end of a night that confirms by shorter runs', async () => {
  const short = '{ samples: 500, share: 1, looks: [2] }';
  const night = [sprintTo('base', 0.6), sprintTo('better', 0.7)];
  const repo = withSecretWorlds(tinyRepository(night), '{ f1: f1 - run.samples / 1e5, mcc }', short);
  const { events } = await loopIn(repo);
  const [base, better] = readSprints(sprintsDir(repo));
  expect(base?.inFull).toBeUndefined();
  expect(better?.confirmed).toMatchObject({ samples: 500, candidate: { mean: { f1: 0.695 } } });
  expect(better?.inFull).toMatchObject({ samples: 1000, metrics: { f1: 0.69 }, key: better?.confirmed?.key });
  // A world on which nothing was measured before.
  const pairs = pairsOfSprints(secretDir(repo, branchIn(repo)));
  const drawn = [base, better].flatMap((s) => pairs[s?.id ?? ''] ?? []).map(({ draw }) => draw);
  expect(drawn).toHaveLength(5);
  expect(drawn).not.toContain(better?.inFull?.draw);
  expect(git(worktreeOf(repo), 'log', '-1', '--format=%s')).toBe('Sprint 2, in full on a secret world');
  expect(git(worktreeOf(repo), 'status', '--porcelain')).toBe('');
  expect(events.filter((e) => e.type === 'report.rendered')).toHaveLength(3);

  // A crash between the record and its commit.
  uncommit(repo);
  expect(git(worktreeOf(repo), 'status', '--porcelain')).toMatch(/^\?\? sprints\/.*in-full\.json$/);
  await loopIn(repo, { maxSprints: 1 });
  expect(git(worktreeOf(repo), 'status', '--porcelain')).toBe('');
});
