import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { LoggedEvent } from '#contract/event';
import type { Sprint } from '#contract/sprint';
import { worktreeOf } from '#host/worktree';
import { sprintsDir } from '../common/paths.ts';
import { loopIn, tinyRepository } from '../fixtures/loop.ts';
import { git } from '../fixtures/repo.ts';
import { call, finish, type Step, sprintTo, start, train, wait, write } from '../fixtures/scripted.ts';
import { readSprints } from '../ledger/ledger.ts';

const bash = (command: string) => call('bash', { command });
const file = (path: string, file_text: string) =>
  call('str_replace_based_edit_tool', { command: 'create', path, file_text });

/**
 * One night with every kind of sprint. The workspace holds 0.6 after the first sprint, and must still hold it
 * after each sprint without a new best.
 */
const night: Step[][] = [
  sprintTo('base', 0.6),
  [start('helper'), file('work/helper.txt', 'helps\n'), finish({ candidate: null, infrastructure: true })],
  [start('not-neutral'), write(0.7), finish({ candidate: null, infrastructure: true })],
  sprintTo('guard', 0.9, 0.2),
  sprintTo('miracle', 0.9, 0.99),
  [start('queue'), write(0.7), [train(), train('plain', { set: ['f1=0.71'] })], wait, write(0.2), finish()],
  [start('too-long'), write(0.9), train('plain', { samples: 5000 }), wait, finish()],
  [start('broken'), file('work/number.json', '{"f1":"no number","mcc":0.6}'), train(), wait, finish()],
  [start('diverges'), write(0.9), train('diverges'), wait, finish(), finish({ candidate: null })],
  [start('silent'), bash('echo working; exit 3'), 'I stop here.', 'I really do.'],
];

let repo: string;
let sprints: Sprint[];
let events: LoggedEvent[];
beforeAll(async () => {
  repo = tinyRepository(night);
  ({ events } = await loopIn(repo));
  sprints = readSprints(sprintsDir(repo));
});
const outcome = (slug: string) => sprints.find((s) => s.id.endsWith(slug)) as Sprint;

describe('what becomes of a sprint', () => {
  it('gives every sprint one outcome, in order, and a commit', () => {
    expect(sprints.map((s) => s.outcome)).toEqual([
      'new-best',
      'no-gain',
      'no-gain',
      'degenerate',
      'held',
      'new-best',
      'invalid',
      'failed',
      'failed',
      'failed',
    ]);
    expect(git(worktreeOf(repo), 'log', '--oneline', '--grep=^Sprint', 'main..').split('\n')).toHaveLength(
      10,
    );
    expect(git(worktreeOf(repo), 'status', '--porcelain')).toBe('');
  });

  it('keeps infrastructure when the paired screen agrees, and says why when it does not', () => {
    expect(outcome('-helper')).toMatchObject({
      change: { kept: true, infrastructure: true, files: ['work/helper.txt'] },
    });
    expect(outcome('-helper').reason).toContain('infrastructure kept');
    expect(existsSync(join(worktreeOf(repo), 'work/helper.txt'))).toBe(true);
    expect(outcome('-not-neutral').change.kept).toBe(false);
    expect(outcome('-not-neutral').reason).toMatch(/f1 0\.6000? before and 0\.7000? after/);
  });

  it('names the guard, the constraint, the failed check and the bad run', () => {
    expect(outcome('-guard').reason).toContain('a guard fails: mcc');
    expect(outcome('-too-long').reason).toContain('constraint not met: samples: 5000');
    expect(outcome('-broken').reason).toContain('check failed: work/number.json: f1 is not a number');
    expect(outcome('-diverges').reason).toContain('diverged: loss is NaN');
    expect(outcome('-silent').reason).toBe('the researcher ended without finish_sprint');
  });

  it('keeps nothing of what is too good to be true, and warns', () => {
    const miracle = outcome('-miracle');
    expect(miracle).toMatchObject({ change: { kept: false }, verdict: { metrics: { f1: 0.9, mcc: 0.99 } } });
    expect(miracle.reason).toContain('too good to be true: mcc 0.99 (>0.98); held until it is confirmed');
    // The next sprint is compared with the best, and begins with its workspace.
    expect(outcome('-queue').bestBefore?.metrics.f1).toBe(0.6);
    const warnings = events.filter((e) => e.type === 'loop.notice' && e.level === 'warn');
    expect(warnings).toContainEqual(
      expect.objectContaining({ text: expect.stringContaining(miracle.reason) }),
    );
  });

  it("moves the workspace to the candidate's tree, whatever was edited later", () => {
    expect(outcome('-queue').verdict?.metrics.f1).toBe(0.71);
    expect(outcome('-queue').runs.map((r) => [r.status, r.evals[0].metrics.f1])).toEqual([
      ['finished', 0.7],
      ['finished', 0.71],
    ]);
    expect(JSON.parse(readFileSync(join(worktreeOf(repo), 'work/number.json'), 'utf8')).f1).toBe(0.7);
  });

  it('tells every step as an event', () => {
    const types = events.map((e) => e.type);
    expect(types.filter((t) => t === 'sprint.committed')).toHaveLength(10);
    expect(types.filter((t) => t === 'sprint.dropped')).toHaveLength(1);
    expect(events.filter((e) => e.type === 'tool.finished' && !e.ok)).toHaveLength(1);
    expect(events.at(-1)).toMatchObject({ reason: 'nothing is left to be tried' });
  });
});
