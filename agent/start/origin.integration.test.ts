import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { committedTree } from '#host/tree';
import { exampleSprint, exampleTask, exampleVerdict } from '../fixtures/examples.ts';
import { git, newRepo } from '../fixtures/repo.ts';
import { originOf } from './origin.ts';

const RUN = '2026-01-01--00-00-10-base-s0';
const BRANCH = 'run/2026-01-01';
const task = exampleTask();
let repo: string;

/** Commits a sprint on the branch that is checked out, with a run that was trained from this workspace. */
async function sprint(researcher: string, more: object = {}): Promise<void> {
  const put = (file: string, text: string) => {
    mkdirSync(dirname(join(repo, file)), { recursive: true });
    writeFileSync(join(repo, file), text);
  };
  const commit = (message: string) => {
    git(repo, 'add', '-A');
    git(repo, '-c', 'user.name=T', '-c', 'user.email=t@example.org', 'commit', '-qm', message);
  };
  put('work/a.txt', `${Math.random()}`);
  commit('Work');
  const tree = await committedTree({ repo, commit: 'HEAD', folder: 'work' });
  const verdict = exampleVerdict({ run: RUN, metrics: { f1: 0.75, mcc: 0.5, other: 1 } });
  const run = {
    ...{
      id: RUN,
      experiment: 'base',
      settings: {},
      samples: 1000,
      seed: 0,
      tree,
      researcherId: 'researcher-1',
    },
    ...{ status: 'finished', reason: null, seconds: 1, samplesPerSecond: 1, backend: null, claimed: {} },
    ...{ verdict: null, curve: [], evals: [] },
  };
  put('sprints/one/sprint.json', JSON.stringify({ ...exampleSprint({ verdict }), runs: [run], ...more }));
  commit(`Sprint 1\n\nResearcher: ${researcher}`);
}

beforeEach(() => {
  repo = newRepo({ 'work/a.txt': 'a' });
  git(repo, 'switch', '-qc', BRANCH);
});

it('finds the workspace of a run by its id or its folder, and that of a branch or a commit', async () => {
  await sprint('offline replay, no model');
  const tree = await committedTree({ repo, commit: 'HEAD', folder: 'work' });
  git(repo, 'switch', '-q', 'main');
  for (const asked of [RUN, `checkpoints/${RUN}/`])
    expect(await originOf(repo, task, asked)).toMatchObject({
      ...{ tree, run: RUN, branch: BRANCH, words: `run ${RUN} (sprint 1 of ${BRANCH})` },
      ...{ sprint: { id: exampleSprint().id }, verdict: { metrics: { f1: 0.75 } } },
    });
  expect(await originOf(repo, task, BRANCH)).toMatchObject({ tree, run: null, branch: BRANCH });
  const commit = git(repo, 'rev-parse', BRANCH);
  expect(await originOf(repo, task, commit)).toMatchObject({ tree, branch: null, sprint: null });
  await expect(originOf(repo, task, '--output=x')).rejects.toThrow(/is no run, run branch or commit/);
});

it('says who has worked on it: Claude, wherever a commit before it is of Claude', async () => {
  const researcher = async (asked: string) => (await originOf(repo, task, asked)).researcher;
  await sprint('offline replay, no model');
  expect(await researcher(BRANCH)).toBe('offline replay, no model');
  expect(await researcher('main')).toBeNull();
  await sprint('claude (m)', {
    researcher: { kind: 'claude', model: 'm', models: ['m', 'n'], label: 'Claude' },
  });
  expect(await researcher(RUN)).toBe('claude (m, n)');
  // A night of the replay that began with that of Claude.
  await sprint('offline replay, no model');
  expect(await researcher(BRANCH)).toBe('claude');
  expect(await researcher(git(repo, 'rev-parse', 'HEAD'))).toBe('claude');
});
