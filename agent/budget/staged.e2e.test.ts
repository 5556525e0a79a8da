import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LoggedEvent } from '#contract/event';
import type { Sprint } from '#contract/sprint';
import type { MessagesRequest } from '#replay/protocol';
import { type MessagesServer, startMessagesServer } from '#replay/server';
import { sprintsDir } from '../common/paths.ts';
import { loopIn, tinyRepository } from '../fixtures/loop.ts';
import { call, finish, type Step, scripted, start, train, wait, write } from '../fixtures/scripted.ts';
import { fold } from '../journal/fold.ts';
import { nothingYet } from '../journal/state.ts';
import { readSprints } from '../ledger/ledger.ts';

const again = (budget: string) => call('run_experiment', { of: '$RUN', budget });
const screen = train('plain', { budget: 'screen' });
const waitFor = (run: string) => call('wait_for_experiment', { run });
const nothing = finish({ candidate: null });

// The trainer claims 1000 samples/s and is done at once: a screen counts as 100 s of the night, a rank run
// as 500 s, a full run as 1000 s.
const script: Step[][] = [
  [start('first'), write(0.6), train(), screen, wait, again('full'), wait, finish()],
  [
    ...[start('gains'), write(0.7), train(), screen, again('rank'), wait],
    ...[again('full'), again('rank'), wait, waitFor('queued-3'), again('full'), wait, finish()],
  ],
  [start('loses'), write(0.705), screen, wait, again('rank'), nothing],
  [start('last'), write(0.8), screen, wait, again('rank'), again('full'), wait, finish()],
];

let server: MessagesServer;
let sprints: Sprint[];
let events: LoggedEvent[];
const heard: string[] = [];
beforeAll(async () => {
  const requests: MessagesRequest[] = [];
  server = await startMessagesServer((request) => {
    requests.push(structuredClone(request));
    return scripted(script)(request);
  });
  process.env.ANTHROPIC_API_KEY = 'test-key';
  process.env.ANTHROPIC_BASE_URL = server.url;
  const repo = tinyRepository();
  const edit = (...pairs: [string, string][]) => {
    const path = join(repo, 'TASK.md');
    const text = pairs.reduce((task, [from, to]) => task.replace(from, to), readFileSync(path, 'utf8'));
    writeFileSync(path, text);
  };
  edit(
    ['samples: "<=1000"', 'samples: "<=1000000"'],
    [
      'screen: 100, rank: 500, full: 1000 }',
      'screen: 100000, rank: 500000, full: 1000000 }\n    staged: true',
    ],
    ['hours: 1,', 'hours: 2,'],
  );
  let closed = 0;
  ({ events } = await loopIn(repo, { researcher: 'claude', maxSprints: 4 }, () => (event) => {
    // From the fourth sprint on only one full run fits.
    if (event.type === 'sprint.committed' && ++closed === 3) edit(['hours: 2,', 'hours: 0.425,']);
  }));
  sprints = readSprints(sprintsDir(repo));
  for (const { messages } of requests) {
    const number = Number(/# Sprint (\d+)/.exec(JSON.stringify(messages))?.[1]);
    heard[number] = JSON.stringify(messages);
  }
});
afterAll(async () => {
  await server.close();
  delete process.env.ANTHROPIC_API_KEY;
  delete process.env.ANTHROPIC_BASE_URL;
});

const refused = (n: number) =>
  events.filter((e) => e.type === 'tool.finished' && !e.ok && e.sprint === sprints[n - 1].id).length;
const runs = (n: number) =>
  sprints[n - 1].runs.map((r) => [r.samples, r.role ?? 'own', r.evals[0]?.metrics.f1]);

describe('a night whose budgets are stages', () => {
  it('plans from a speed probe at first, then from the runs it made', () => {
    const probed = events.find((e) => e.type === 'speed.measured');
    expect(probed).toMatchObject({ samplesPerSecond: 1000, seconds: expect.any(Number) });
    // The probe held the device, and counts as training.
    const { trainSeconds } = [probed as LoggedEvent].reduce(fold, nothingYet);
    expect(trainSeconds).toBeGreaterThan(0);
    expect(heard[1]).toContain('1000 samples/s, by the speed probe, before any run');
    expect(heard[1]).toMatch(/allows 7\d screen runs of 100k samples .* or 1\d rank runs .* or 7 full runs/);
    expect(heard[2]).toContain('1000 samples/s, measured by the last run');
  });

  it('lets a full run follow a screen where there is no best to compare with', () => {
    expect(runs(1)).toEqual([
      [100_000, 'own', 0.6],
      [1_000_000, 'own', 0.6],
    ]);
    expect(refused(1)).toBe(1);
    expect(heard[1]).toContain('a screen is enough to earn the first full run');
    expect(heard[1]).toContain('a full run has to be earned: first screen this code and these settings');
  });

  it("compares stage by stage with the best's own run at that budget and seed, which it trains where it is missing", () => {
    expect(sprints.map((s) => s.outcome)).toEqual(['new-best', 'new-best', 'no-gain', 'new-best']);
    // The screen of the best existed already, its rank run did not.
    expect(runs(2)).toEqual([
      [100_000, 'own', 0.7],
      [500_000, 'own', 0.7],
      [500_000, 'incumbent', 0.6],
      [1_000_000, 'own', 0.7],
    ]);
    // Sprint 2 asks for its rank run while its screen is under way, and may never hear of the screen.
    expect(heard[4]).toMatch(
      /f1 0.8 to 0.7, a gain of 0.1\d* beyond the noise of 0.01. It has earned a rank run/,
    );
    // The standing of the candidate's rank run, given after the best's own rank run.
    expect(heard[2]).toContain('It has earned a full run');
  });

  it('earns nothing by a screen within the noise', () => {
    expect(runs(3)).toEqual([[100_000, 'own', 0.705]]);
    expect(refused(3)).toBe(1);
    expect(heard[3]).toContain('no gain beyond the noise of 0.01, so it has earned no rank run');
  });

  it('keeps the last full run for the best candidate, which may then skip its rank run', () => {
    expect(runs(4)).toEqual([
      [100_000, 'own', 0.8],
      [1_000_000, 'own', 0.8],
    ]);
    expect(refused(4)).toBe(1);
    // No recipe had gained beyond the noise when the sprint began: the slot is kept for the recipe of its
    // own screen.
    expect(heard[4]).not.toContain('only ONE full run still fits');
    expect(heard[4].match(/Only one full run still fits before the end/g)).toHaveLength(1);
    expect(heard[4]).toMatch(/kept for the best candidate so far, \S+-plain-s0\S*\. Start that now/);
  });
});
