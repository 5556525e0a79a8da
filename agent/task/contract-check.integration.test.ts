import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { profileOf, readTask } from '#contract/task';
import { optionsFor, tinyRepository } from '../fixtures/loop.ts';
import { git } from '../fixtures/repo.ts';
import { leaderboardId } from '../ledger/ledger.ts';
import { preflight } from '../start/preflight.ts';
import { judgeFields } from './contract-check.ts';

const commit = (repo: string) =>
  git(
    repo,
    '-c',
    'user.name=Test',
    '-c',
    'user.email=test@example.org',
    'commit',
    '-qam',
    'Another contract',
  );

/** The tiny task with a change of its contract: what the start says of it, and the line that it names. */
async function said(from: string | RegExp, to: string, more: Parameters<typeof optionsFor>[1] = {}) {
  const repo = tinyRepository();
  const path = join(repo, 'TASK.md');
  const text = readFileSync(path, 'utf8').replace(from, to);
  expect(text.includes(to)).toBe(true);
  writeFileSync(path, text);
  commit(repo);
  const why = await preflight(optionsFor(repo, more)).then(
    () => 'not refused',
    (error: Error) => error.message,
  );
  const line = Number(/TASK\.md:(\d+):/.exec(why)?.[1]);
  return { why, at: text.split('\n')[line - 1]?.trim() };
}

describe('a contract that cannot work is refused before anything is spent, with its line', () => {
  it.each([
    [
      'a guard',
      'guards: { mcc: ">=best-0.05" }',
      'guards: { mmc: ">=best-0.05" }',
      'guards.mmc: the judge\'s verdicts have no "mmc"; they have: f1, mcc',
    ],
    ['a metric', 'metric: f1', 'metric: f2', 'metric: the judge\'s verdicts have no "f2"'],
    [
      'a number that is shown',
      'also: [mcc]',
      'also: [mcc, recal]',
      'also: the judge\'s verdicts have no "recal"',
    ],
    [
      'a constraint',
      'constraints: { samples: "<=1000" }',
      'constraints: { sample: "<=1000" }',
      'profiles.tiny.constraints.sample: the judge\'s verdicts have no "sample"; they have: samples',
    ],
    [
      'a budget',
      'full: 1000 }',
      'full: 1001 }',
      'profiles.tiny.budgets.full: a full run could not keep the constraint samples: 1001 where <=1000 is asked',
    ],
    [
      'the order of budgets',
      'screen: 100,',
      'screen: 600,',
      'profiles.tiny.budgets.screen: is larger than rank',
    ],
    [
      'a world',
      'world: tiny',
      'world: worlds/mine.json',
      'profiles.tiny.world: worlds/mine.json does not exist',
    ],
    ['noise', '    noise: 0.01\n', '', 'profiles.tiny.noise: is missing'],
    [
      'a width unlike the workspace’s',
      'constraints: { samples: "<=1000" }',
      'constraints: { samples: "<=1000", width: "==8" }',
      'profiles.tiny.constraints.width: every full run of work/ would be refused: plain: 4 where ==8 is asked',
    ],
    [
      'a rate unlike the workspace’s',
      'constraints: { samples: "<=1000" }',
      'constraints: { learning_rate: "<0.1" }',
      'profiles.tiny.constraints.learning_rate: every full run of work/ would be refused: plain: 0.1 where <0.1',
    ],
  ])('%s', async (_, from, to, message) => {
    const { why, at } = await said(from, to);
    expect(why).toContain(message);
    if (to !== '') expect(at).toContain(to.split(/[:{,]/)[0].trim());
  });

  it('a target', async () => {
    const { why } = await said('hours: 1,', 'hours: 2,', { target: { metric: 'mmc', sign: '>=', value: 1 } });
    expect(why).toContain('--target mmc');
  });
});

it('a world that is a file has to be committed, and edited it begins another leaderboard', async () => {
  const repo = tinyRepository();
  const path = join(repo, 'TASK.md');
  writeFileSync(path, readFileSync(path, 'utf8').replace('world: tiny', 'world: worlds/mine.json'));
  mkdirSync(join(repo, 'worlds'));
  writeFileSync(join(repo, 'worlds/mine.json'), '{"seed": 1}\n');
  writeFileSync(join(repo, '.gitignore'), `${readFileSync(join(repo, '.gitignore'), 'utf8')}\nworlds/\n`);
  commit(repo);
  await expect(preflight(optionsFor(repo))).rejects.toThrow(
    'worlds/mine.json is not committed; add it to git',
  );
  git(repo, 'add', '-f', 'worlds/mine.json');
  commit(repo);
  const { leaderboard } = await preflight(optionsFor(repo));
  const task = readTask(path);
  expect(leaderboard).toBe(leaderboardId(task, 'tiny'));
  writeFileSync(join(repo, 'worlds/mine.json'), '{"seed": 2}\n');
  expect(leaderboardId(task, 'tiny')).not.toBe(leaderboard);
});

it('the judge is asked what its verdicts hold; one that does not know the question is not held to it', async () => {
  const repo = tinyRepository();
  const task = readTask(join(repo, 'TASK.md'));
  expect(await judgeFields(task, repo, 'tiny')).toEqual({
    metrics: ['f1', 'mcc'],
    observed: ['samples', 'width'],
    declared: ['learning_rate'],
  });
  for (const judge of ['false', 'echo not json', 'true'])
    expect(await judgeFields({ ...task, contract: { ...task.contract, judge } }, repo, 'tiny')).toBeNull();
  expect(profileOf(task, 'tiny').world).toBe('tiny');
});
