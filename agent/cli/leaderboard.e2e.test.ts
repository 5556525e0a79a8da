import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import type { BeganFrom } from '#contract/began-from';
import type { Sprint } from '#contract/sprint';
import { beganFromFile } from '../common/paths.ts';
import { exampleSprint, exampleVerdict } from '../fixtures/examples.ts';
import { startCommand, tinyRepository } from '../fixtures/loop.ts';
import { git } from '../fixtures/repo.ts';
import { indexIn } from '../report/fixtures/opened.ts';

/** Commits a sprint on a new run branch, made from `main`. */
function commit(repo: string, branch: string, sprint: Sprint, began?: BeganFrom): void {
  git(repo, 'switch', '-qc', branch, 'main');
  const file = join(repo, 'sprints', sprint.id, 'sprint.json');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(sprint));
  if (began) writeFileSync(beganFromFile(join(repo, 'sprints')), JSON.stringify(began));
  git(repo, 'add', '-A');
  git(repo, 'commit', '-qm', 'Sprint');
  git(repo, 'switch', '-q', 'main');
}

async function leaderboard(repo: string, ...args: string[]) {
  const command = startCommand(repo, 'leaderboard', ...args);
  return { code: await command.ended, said: command.said() };
}

it('shows the sprints of all run branches in one leaderboard and one notebook', async () => {
  const repo = tinyRepository();
  expect(await leaderboard(repo)).toEqual({
    code: 2,
    said: expect.stringMatching(/^error: no run branch has a closed sprint yet[^\n]*\n$/),
  });
  const of = (day: number, f1: number) =>
    exampleSprint({
      id: `2026-01-0${day}--00-00-base`,
      closedAt: `2026-01-0${day}T00:00:00.000Z`,
      title: `Of night ${day}`,
      verdict: exampleVerdict({ metrics: { f1 } }),
    });
  commit(repo, 'run/2026-01-01', of(1, 0.75));
  const began: BeganFrom = {
    ...{ version: 1, branch: 'run/2026-01-02', from: 'run/2026-01-01 (1234567ab)', run: null },
    sprint: { number: 1, title: 'Of <b>', outcome: 'new-best', leaderboard: 'tiny-00000000', metric: 'f1' },
    ...{ metrics: { f1: 0.75 }, confirmed: { n: 3, mean: { f1: 0.7 }, deviation: { f1: 0.01 } } },
  };
  commit(repo, 'run/2026-01-02', of(2, 0.5), began);
  const { code, said } = await leaderboard(repo);
  expect(code, said).toBe(0);
  expect(said.split('\n').map((line) => line.trim().split(/ {2,}/))).toEqual([
    [expect.stringMatching(/^Profile tiny · world tiny/)],
    ['f1', 'outcome', 'branch and commit', 'sprint'],
    ['1', '0.7500', 'new-best', expect.stringMatching(/^run\/2026-01-01 [0-9a-f]{9}$/), '1: Of night 1'],
    ['2', '0.5000', 'new-best', expect.stringMatching(/^run\/2026-01-02 [0-9a-f]{9}$/), '1: Of night 2'],
    [
      'run/2026-01-02 began from run/2026-01-01 (1234567ab), sprint 1: f1 0.75 verified, 0.7 ± 0.01 (n 3) confirmed (numbers of another ledger)',
    ],
    [''],
    ['Notebook over all branches: reports/all.html'],
    [''],
  ]);
  const page = readFileSync(join(repo, 'reports/all.html'), 'utf8');
  for (const part of ['Of night 1 (run/2026-01-01, sprint 1)', 'Of night 2 (run/2026-01-02, sprint 1)'])
    expect(page).toContain(part);
  expect(page).toContain(
    '<code>run/2026-01-02</code>: run/2026-01-01 (1234567ab), sprint 1: f1 0.75 verified, 0.7 ± 0.01 (n 3) confirmed “Of &lt;b&gt;”.',
  );
  expect(page).toContain('<p><code>run/2026-01-01</code> Sprint 1: the researcher finished it.</p>');
  expect(indexIn(page).sprints.map(({ commit }) => commit)).toEqual(
    ['run/2026-01-01', 'run/2026-01-02'].map((branch) => ({ hash: git(repo, 'rev-parse', branch), branch })),
  );
  expect(git(repo, 'status', '--porcelain')).toBe('');
});
