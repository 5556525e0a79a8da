import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { LoggedEvent } from '#contract/event';
import { worktreeOf } from '#host/worktree';
import { laneDir, sprintsDir } from '../common/paths.ts';
import { loopIn, tinyRepository } from '../fixtures/loop.ts';
import { git } from '../fixtures/repo.ts';
import { finish, type Step, start, train, wait, write } from '../fixtures/scripted.ts';
import { readSprints } from '../ledger/ledger.ts';

/** A sprint whose run takes two seconds: those of two researchers overlap. */
const steadyTo = (slug: string, f1: number): Step[] => [
  start(slug, f1),
  write(f1),
  train('steady'),
  wait,
  finish(),
];

const subjects = (repo: string) =>
  git(worktreeOf(repo), 'log', '--reverse', '--format=%s', '--grep=^Sprint', 'main..').split('\n');

it('two researchers work side by side: one branch, a commit a sprint in the order of the verdicts', async () => {
  const repo = tinyRepository([0.5, 0.6, 0.7, 0.65].map((f1, i) => steadyTo(`s${i + 1}`, f1)));
  const { code, events } = await loopIn(repo, { researchers: 2, maxSprints: 4 });
  expect(code).toBe(0);
  const sprints = readSprints(sprintsDir(repo));
  expect(sprints.map(({ number }) => number).sort()).toEqual([1, 2, 3, 4]);
  const told = <T extends LoggedEvent['type']>(type: T) =>
    events.filter((event): event is Extract<LoggedEvent, { type: T }> => event.type === type);
  // Both were at work at a time, each in a worktree of its own.
  expect(
    told('sprint.opened')
      .slice(0, 2)
      .map(({ researcherId }) => researcherId),
  ).toEqual(['researcher-1', 'researcher-2']);
  expect(events.findIndex(({ type }) => type === 'sprint.closed')).toBeGreaterThan(
    events.findIndex((event) => event.type === 'sprint.claimed' && event.number === 2),
  );
  // Verdicts, records and commits have one order.
  const closed = told('sprint.closed').map(({ sprint }) => sprint);
  expect(told('sprint.committed').map(({ sprint }) => sprint)).toEqual(closed);
  expect(sprints.map(({ id }) => id)).toEqual(closed);
  expect(subjects(repo)).toEqual(sprints.map((s) => `Sprint ${s.number}: ${s.title} (${s.outcome})`));
  // A candidate is compared with the best at the time of its verdict.
  let best = 0;
  for (const { verdict, outcome } of sprints) {
    const f1 = verdict?.metrics.f1 ?? 0;
    expect(outcome).toBe(f1 > best + 0.01 ? 'new-best' : 'no-gain');
    best = Math.max(best, f1);
  }
  expect(best).toBe(0.7);
  // All worktrees are at the tip, with the best's workspace.
  for (const id of ['researcher-1', 'researcher-2']) {
    const folder = laneDir(repo, id);
    expect(git(folder, 'rev-parse', 'HEAD')).toBe(git(worktreeOf(repo), 'rev-parse', 'HEAD'));
    expect(readdirSync(join(folder, 'sprints')).sort()).toEqual([...closed, 'leaderboards'].sort());
  }
  expect(git(worktreeOf(repo), 'status', '--porcelain', '--', 'sprints')).toBe('');
  expect(git(worktreeOf(repo), 'show', 'HEAD:work/number.json')).toContain('0.7');
  const record = readFileSync(join(sprintsDir(repo), closed[0] as string, 'sprint.json'), 'utf8');
  expect(
    git(repo, 'show', `${git(worktreeOf(repo), 'rev-parse', 'HEAD')}:sprints/${closed[0]}/sprint.json`),
  ).toBe(record.trim());
});
