import { describe, expect, it } from 'vitest';
import { measuredProfile } from '#contract/noise';
import type { Sprint, SprintRun } from '#contract/sprint';
import { exampleNote, exampleSprint, exampleTask, exampleVerdict } from '../fixtures/examples.ts';
import { emptyFolder } from '../fixtures/repo.ts';
import { nothingYet } from '../journal/state.ts';
import { sprintsWithoutGain } from '../ledger/stagnation.ts';
import { sprintPrompt } from './prompt.ts';

const task = exampleTask();
const leaderboard = 'tiny-00000000';
const committed = (ids: string[]) =>
  ids.map((sprint) => ({ sprint, outcome: 'no-gain' as const, reason: '', metrics: {} }));
const loop = (sprints: Sprint[] = [], ids: string[] = []) =>
  ({
    config: {
      task,
      repo: emptyFolder(),
      profileName: 'tiny',
      profile: measuredProfile(task, 'tiny'),
      leaderboard,
      seed: 7,
      limits: {
        ...{ usd: 5, tokens: null, sprints: null, trainHours: null, target: null },
        sprint: { usd: null, hours: null, turns: 200 },
        until: new Date(Date.now() + 3.651e6),
      },
    },
    papers: [],
    checkout: { bestKnown: 'abc123' },
    connection: { kind: 'claude' },
    ledger: { sprints, of: (name: string) => sprints.filter((sprint) => sprint.leaderboard === name) },
    journal: { state: () => ({ ...nothingYet, usd: 1.5, committed: committed(ids) }), now: Date.now },
  }) as unknown as Parameters<typeof sprintPrompt>[0];

const run: SprintRun = {
  id: 'r',
  researcherId: 'a',
  experiment: 'plain',
  settings: {},
  seed: 0,
  samples: 1000,
  tree: '0'.repeat(40),
  status: 'finished',
  reason: null,
  seconds: 1,
  samplesPerSecond: 100,
  backend: null,
  claimed: {},
  verdict: null,
  curve: [],
  evals: [],
};
const sprint = (number: number, outcome: 'new-best' | 'no-gain', board = leaderboard) =>
  exampleSprint({
    id: `s${number}`,
    number,
    outcome,
    leaderboard: board,
    title: `Sprint of ${board}`,
    runs: [run],
  });

describe('the prompt of a sprint', () => {
  it('states the task, the conditions, what is left, the best and the ledger of its own leaderboard', () => {
    const text = sprintPrompt(loop([sprint(1, 'new-best'), sprint(2, 'new-best', 'another')]), 3);
    for (const part of [
      'Follow the instructions in TASK.md.',
      'Make f1 large.',
      '# Sprint 3',
      'constraints of a full run: samples ==1000',
      'guards of a new best: mcc >=best-0.01',
      'best-known workspace: abc123',
      'left: 1.0 hours, 3.50 USD',
      'limit of this sprint: 200 turns',
      'speed: 100 samples/s, measured by earlier loops',
      'it allows 1825 screen runs of 100 samples (2.0 s each, judged), or 608 rank runs',
      'Sprint 1 (s1), run 2026-01-01--00-00-00-base-s0: f1 0.5, mcc 0.6.',
      `| 1 | s1 | Sprint of ${leaderboard} | new-best | 0.5 | 0.6 |`,
    ]) {
      expect(text).toContain(part);
    }
    expect(text).not.toContain('Sprint of another');
    expect(sprintPrompt(loop(), 1)).toContain('None yet on this leaderboard');
  });

  it('calls secret worlds what the task calls them', () => {
    const of = loop();
    const secret = { one: 'hidden field', many: 'hidden fields', kind: 'of the same farm' };
    const { contract } = of.config.task;
    const confirm = { looks: [2, 5] };
    Object.assign(of.config, {
      task: { ...of.config.task, contract: { ...contract, drawWorld: 'node draw.mjs', secret } },
      profile: { ...of.config.profile, confirm },
    });
    const text = sprintPrompt(of, 1);
    expect(text).toContain('on up to 5 hidden fields of the same farm, and only a mean gain');
    expect(text).not.toContain('secret world');
  });

  it('says what the judge remarked on the present best', () => {
    const verdict = exampleVerdict({ remarks: ['fits elsewhere'] });
    expect(sprintPrompt(loop([{ ...sprint(1, 'new-best'), verdict }]), 2)).toContain(
      "The judge's remark: fits elsewhere.",
    );
  });

  it('has the shared notebook, with notes of other leaderboards too', () => {
    const { id } = sprint(1, 'no-gain', 'another');
    const notes = [exampleNote({ id: 'n1-1', sprint: id, text: 'Depth does not help.' })];
    const text = sprintPrompt(loop([{ ...sprint(1, 'no-gain', 'another'), notes }]), 2);
    expect(text).toContain('- n1-1 · finding · sprint 1 (no-gain): Depth does not help.');
    expect(sprintPrompt(loop([sprint(1, 'no-gain')]), 2)).not.toContain('Shared notebook');
  });

  it('asks for another direction after enough sprints of this loop without a gain', () => {
    const sprints = [sprint(1, 'new-best'), ...[2, 3, 4, 5].map((n) => sprint(n, 'no-gain'))];
    expect(sprintPrompt(loop(sprints, ['s2', 's3', 's4', 's5']), 6)).toContain(
      'The last 4 sprints brought no verified gain',
    );
    expect(sprintPrompt(loop(sprints, ['s4', 's5']), 6)).not.toContain('Another direction');
    expect(sprintsWithoutGain(sprints, ['s1', 's2'])).toBe(1);
    expect(sprintsWithoutGain([exampleSprint({ verdict: exampleVerdict() })], [])).toBe(0);
  });
});
