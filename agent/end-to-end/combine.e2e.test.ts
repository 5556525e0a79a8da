import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Sprint } from '#contract/sprint';
import { worktreeOf } from '#host/worktree';
import { eventsPath, inSprint, sprintDir, sprintsDir } from '../common/paths.ts';
import { eventOf, loopIn, startCommand } from '../fixtures/loop.ts';
import { git } from '../fixtures/repo.ts';
import { type Call, call, finish, type Step, sprintTo, start, train, wait } from '../fixtures/scripted.ts';
import { sumRepository, write } from '../fixtures/sum.ts';
import { readEvents } from '../journal/events.ts';
import { readSprints } from '../ledger/ledger.ts';
import { Transcript } from '../open-sprint/transcript.ts';

/** Waits until so many sprints are committed. */
const committed = (sprints: number) =>
  call('bash', {
    command: `until [ "$(git log --all --format=%h -- 'sprints/*/sprint.json' | wc -l)" -ge ${sprints} ]; do sleep 0.3; done`,
  });

/**
 * A sprint that changes a file of the workspace or a setting. A `late` one trains only after the first has
 * its verdict.
 */
const changes = (slug: string, edit: Call | string, late = false): Step[] => [
  start(slug, 0.6),
  ...(typeof edit === 'string' ? [] : [edit]),
  ...(late ? [committed(2)] : []),
  train('plain', typeof edit === 'string' ? { set: [edit] } : {}),
  wait,
  finish(),
];

const ended = (repo: string) => readSprints(sprintsDir(repo));
const f1 = ({ verdict }: Sprint) => Number(verdict?.metrics.f1?.toFixed(3));
const show = (repo: string, file: string) => git(worktreeOf(repo), 'show', `HEAD:work/${file}`);

/** A best, then two sprints side by side, then what the loop makes of them, up to `more` further sprints. */
async function sideBySide(script: readonly (readonly Step[])[], more = 1) {
  const repo = sumRepository([sprintTo('base', 0.2), ...script]);
  expect((await loopIn(repo, { maxSprints: 1 })).code).toBe(0);
  const { code, events } = await loopIn(repo, { researchers: 2, maxSprints: 2 + more });
  expect(code).toBe(0);
  const sprints = ended(repo);
  const both = sprints.find(({ combines }) => combines) as Sprint;
  const [base, first, second, ...others] = sprints.filter((sprint) => sprint !== both) as [
    ...[Sprint, Sprint, Sprint],
    ...Sprint[],
  ];
  return { repo, events, base, first, second, both, others };
}

it('two gains made side by side are combined by the loop, and their result says that they add up', async () => {
  const { repo, base, first, second, both, events } = await sideBySide([
    changes('first', write('a.txt', '1\n')),
    changes('second', write('b.txt', '2\n'), true),
  ]);
  expect([first, second, both].map(f1)).toEqual([0.3, 0.4, 0.5]);
  expect(second.reason).toMatch(
    /made beside sprint 2, whose change it does not have: the loop is to combine/,
  );
  expect(both).toMatchObject({
    ...{ outcome: 'new-best', title: 'Combine sprints 3 and 2', researcher: { label: 'the loop itself' } },
    combines: { base: base.id, left: first.id, best: second.id, gains: { noise: 0.01 } },
    ...{ cost: { turns: 0, usd: 0 }, change: { kept: true, files: ['work/a.txt'] } },
  });
  expect(both.reason).toMatch(/\+0.2 by sprint 3, \+0.1 by sprint 2, \+0.3 by both .*: they add up, within/);
  expect([show(repo, 'a.txt'), show(repo, 'b.txt')]).toEqual(['1', '2']);
  expect(events.filter((event) => event.type === 'turn.started' && event.sprint === both.id)).toEqual([]);
  const log = git(worktreeOf(repo), 'log', '-1', '--format=%B', '--', `sprints/${both.id}/sprint.json`);
  expect(log).toContain('The idea, of the loop itself:');
  expect(log).toContain('Researcher: the loop itself');
  expect(readFileSync(inSprint(sprintDir(repo, both.id)).log, 'utf8')).toContain('by the loop itself');
});

it('a gain that came too late to be the best is combined too, with its settings', async () => {
  const { repo, first, second, both } = await sideBySide([
    changes('first', write('a.txt', '2\n')),
    changes('second', 'c=1', true),
  ]);
  expect(second.outcome).toBe('no-gain');
  expect(second.reason).toMatch(/a gain over sprint 1, which it began with, made beside sprint 2: the loop/);
  expect([first, second, both].map(f1)).toEqual([0.4, 0.3, 0.5]);
  expect(both).toMatchObject({ outcome: 'new-best', combines: { left: second.id, best: first.id } });
  expect(both.runs.map(({ settings }) => settings)).toEqual([{ c: '1' }]);
  // The workspace has the change of the first already: the second is a setting alone.
  expect([both.change.files, show(repo, 'a.txt')]).toEqual([[], '2']);
});

it('where both changed the same lines, a researcher is asked to combine two gains, once', async () => {
  const why = /both changed work\/a.txt/;
  const idle = [start('idle'), committed(4), finish({ candidate: null })];
  const { repo, both, others, events } = await sideBySide(
    [
      ...[changes('first', write('a.txt', '2\n')), changes('second', write('a.txt', '1\n'), true), idle],
      ...[[], sprintTo('by-hand', 0.9), sprintTo('next', 0.95)],
    ],
    4,
  );
  expect(both).toMatchObject({ outcome: 'no-gain', verdict: null, runs: [], change: { kept: false } });
  expect(both.combines?.trouble).toMatch(why);
  expect(both.reason).toMatch(/^not combined: .*; a researcher is asked to$/);
  expect(others.flatMap(({ handed }) => handed ?? [])).toEqual([both.id]);
  expect(f1(others.at(-1) as Sprint)).toBeGreaterThan(0.9);
  const asked = events.filter((event) => event.type === 'sprint.opened' && event.handed !== undefined);
  expect(asked).toHaveLength(1);
  const prompts = readdirSync(join(repo, 'state/transcripts')).map((name) =>
    JSON.stringify(new Transcript(join(repo, 'state/transcripts', name)).messages[0]),
  );
  const told = prompts.filter((text) => text.includes('# Two gains to combine'));
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(why);
  expect(told[0]).toMatch(/> Idea of (first|second)\./);
});

it('where their merge fails the check, two gains are not combined, and a researcher is to be asked', async () => {
  const { both } = await sideBySide([
    changes('first', write('a.txt', '3\n')),
    changes('second', write('b.txt', '3\n'), true),
  ]);
  expect(both).toMatchObject({ outcome: 'no-gain', verdict: null, runs: [], change: { kept: false } });
  expect(both.combines?.trouble).toMatch(/fails the check: a and b are both 3/);
  expect(both.reason).toMatch(/^not combined: .*; a researcher is asked to$/);
});

it('loses no pair and makes none twice where the loop is killed at any step of their sprint', async () => {
  const repo = sumRepository([
    sprintTo('base', 0.2),
    changes('first', write('a.txt', '1\n')),
    changes('second', write('b.txt', '2\n'), true),
  ]);
  await loopIn(repo, { maxSprints: 1 });
  const { events } = await loopIn(repo, { researchers: 2, maxSprints: 2 });
  const left = 'the gain of sprint 2 is not combined with the best yet: the next start does that';
  expect(events.filter((event) => event.type === 'loop.notice' && event.text === left)).toHaveLength(1);
  let seen = -1;
  // The next start makes the sprint with one researcher too. crash.e2e.test.ts has random instants.
  for (const type of ['sprint.opened', 'run.started', 'sprint.closed'] as const) {
    const loop = startCommand(repo, 'loop', '--max-sprints', '1', '--sandbox', 'off');
    await Promise.race([eventOf(repo, type, ({ seq }) => seq > seen), loop.ended]);
    loop.child.kill('SIGKILL');
    await loop.ended;
    seen = readEvents(eventsPath(repo)).at(-1)?.seq ?? seen;
  }
  expect((await loopIn(repo, { maxSprints: 1 })).code).toBe(0);
  const pairs = ended(repo).filter(({ combines }) => combines);
  const [both] = pairs.filter(({ outcome }) => outcome !== 'interrupted');
  expect(pairs.filter(({ outcome }) => outcome !== 'interrupted')).toHaveLength(1);
  expect(both).toMatchObject({ outcome: 'new-best', combines: { gains: {} } });
  expect(both && f1(both)).toBe(0.5);
  expect([show(repo, 'a.txt'), show(repo, 'b.txt')]).toEqual(['1', '2']);
  expect(both?.runs).toHaveLength(1);
});
