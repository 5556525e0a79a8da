import { expect, it } from 'vitest';
import type { Status } from './status.ts';
import { statusLines } from './status-lines.ts';

const now = Date.parse('2026-01-01T01:00:00Z');
const open: Status['sprints'][number] = {
  ...{ number: 3, id: 's3', title: 'Sort', openedAt: '2026-01-01T00:55:00Z', turns: 9, usd: 0.4 },
  ...{ capped: null, phase: 'researching', researcher: 'researcher-1' },
};
const status: Status = {
  ...{ loop: 'running', pid: 7, branch: 'run/2026-01-01', profile: 'tiny', researcher: 'Claude (x)' },
  ...{ sandbox: 'bubblewrap', startedAt: '2026-01-01T00:00:00Z', stopped: null, waiting: null, paused: null },
  ...{ lastEventAt: '2026-01-01T00:59:48Z', lastAction: 'wait_for_experiment: r1', usd: 3.1, heldUsd: 0 },
  ...{ tokens: 812_345, trainSeconds: 1830, workedSeconds: 7380 },
  limits: { usd: 50, tokens: null, sprints: 5, trainHours: 4, until: '2026-01-01T03:02:00Z' },
  sprint: open,
  sprints: [open],
  runs: [
    {
      ...{ id: 'r1', experiment: 'plain' },
      progress: { samples: 500, totalSamples: 2000, samplesPerSecond: 100, etaSeconds: 15 },
    },
  ],
  hints: [],
  committed: [{ sprint: 's1', outcome: 'new-best', reason: 'the first', metrics: {} }],
  closed: { sprints: 1, last: { id: 's1', outcome: 'new-best', profile: 'tiny' } },
  best: { sprint: 's1', run: 'r0', metrics: { f1: 0.61234, hidden: 1 } },
};
const text = (more: Partial<Status> = {}) => statusLines({ ...status, ...more }, ['f1'], now).join('\n');

it('tells what the loop does now, what it used of its limits, and what came of it', () => {
  expect(text()).toMatch(/^Loop: running \(process 7, since \d\d:\d\d\)$/m);
  expect(text()).toMatch(
    /^Used: 1 of 5 sprints · 3.10 of 50 USD · 812k tokens · 30 min 30 s of 4 h of training · 2 h 3 min of running time · ends at \d\d:\d\d, in 2 h 2 min$/m,
  );
  for (const part of [
    'Sprint 3: Sort (5 min 0 s, 9 turns, 0.40 USD)',
    'Run r1: 25% of 2000 samples · 100 samples/s · 15 s left',
    'Last action: wait_for_experiment: r1 (last event 12 s ago)',
    '  new-best    s1: the first',
    'Best: f1 0.6123 (s1)',
  ]) {
    expect(text().split('\n')).toContain(part);
  }
});

it('says what became of the hints', () => {
  expect(text()).not.toContain('Hints');
  const hint = { id: '3fa2c1', text: 'Sort.', state: 'open' as const, read: [1], answers: [] };
  expect(text({ hints: [hint] })).toMatch(/^Hints: 1 open: npm run hint -- --list$/m);
});

it('shows apart what is held for cut calls', () => {
  expect(text({ heldUsd: 0.634 })).toContain(
    '3.10 of 50 USD (and 0.63 reserved for calls that were cut off) · ',
  );
});

it('says when it waits, is paused, was stopped or was cut off', () => {
  const waiting = { reason: 'overloaded', until: '2026-01-01T01:10:00Z' };
  expect(text({ waiting })).toMatch(/^Waiting until \d\d:\d\d: overloaded$/m);
  expect(text({ waiting: { ...waiting, until: '2026-01-01T00:10:00Z' } })).not.toContain('Waiting');
  expect(text({ paused: '2026-01-01T00:30:00Z' })).toMatch(/^Paused since \d\d:\d\d.*npm run resume/m);
  const at = '2026-01-01T00:59:00Z';
  const stopped = { code: 'time' as const, reason: 'the time is up', exitCode: 0, at };
  expect(text({ loop: 'stopped', pid: null, stopped, sprint: null, sprints: [], runs: [] })).toMatch(
    /^Loop: stopped: the time is up \(exit code 0, \d\d:\d\d\)$/m,
  );
  expect(text({ loop: 'cut off', pid: null })).toContain('"npm run loop" continues it');
});

it('prints what somebody else wrote as plain words', () => {
  const text = (words: string) => `a\x1b[2J\n${words}\u202e`;
  const lines = statusLines(
    {
      ...status,
      lastAction: text('action'),
      waiting: { reason: text('wait'), until: '2026-01-01T01:10:00Z' },
      stopped: { code: null, reason: text('stop'), exitCode: 0, at: '2026-01-01T00:59:00Z' },
      sprints: [{ ...open, title: text('title'), capped: text('cap') }],
      runs: [{ id: text('run'), experiment: 'plain', progress: null }],
      committed: [{ sprint: text('s1'), outcome: 'failed', reason: text('reason'), metrics: {} }],
    },
    ['f1'],
    now,
  );
  for (const word of ['action', 'wait', 'stop', 'title', 'cap', 'run', 's1', 'reason'])
    expect(lines.join('\n')).toContain(`a ${word}`);
  expect(lines.join('')).not.toMatch(/[\p{Cc}\u202e]/u);
});

it('in a clone, tells what the sprints of its branch hold', () => {
  const nothing = { loop: 'never started', closed: null, best: null } as const;
  expect(text(nothing)).toBe('No loop was started in this checkout yet. Start one with: npm run loop');
  expect(text({ loop: 'never started' }).split('\n')).toEqual([
    'No loop was started in this checkout yet. Start one with: npm run loop',
    '1 closed sprint in sprints/, the last s1 (profile tiny): new-best',
    'Their reports and tables: npm run report',
    'Best: f1 0.6123 (s1)',
  ]);
});

it('has a line for the sprint of each researcher', () => {
  const other = { ...open, number: 4, id: null, title: null, researcher: 'researcher-2' };
  expect(text({ sprints: [open, other] }).match(/^Sprint.*$/gm)).toEqual([
    'Sprint 3: Sort (5 min 0 s, 9 turns, 0.40 USD)',
    'Sprint 4: not claimed yet (5 min 0 s, 9 turns, 0.40 USD)',
  ]);
});
