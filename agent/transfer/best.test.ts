import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Sprint } from '#contract/sprint';
import { exampleSprint, exampleTask, exampleVerdict } from '../fixtures/examples.ts';
import { run } from '../fixtures/staged.ts';
import { leaderboardId } from '../ledger/ledger.ts';
import { bestToTry } from './best.ts';

const task = exampleTask();
let repo: string;
beforeEach(() => {
  repo = mkdtempSync(join(tmpdir(), 'best-'));
});
afterEach(() => rmSync(repo, { recursive: true, force: true }));

/** A closed sprint whose candidate is the best, and a second run that is not. */
function close(): Sprint {
  const runs = [
    run('1'.repeat(40), 1000, 0.5, { id: 'r-wide', experiment: 'wide', settings: { k: '3' } }),
    run('2'.repeat(40), 1000, 0.4, { id: 'r-other', experiment: 'other' }),
  ];
  const sprint = exampleSprint({
    ...{ leaderboard: leaderboardId(task, 'tiny'), candidate: 'r-wide', runs },
    verdict: exampleVerdict({ run: 'r-wide' }),
  });
  mkdirSync(join(repo, 'sprints', sprint.id), { recursive: true });
  writeFileSync(join(repo, 'sprints', sprint.id, 'sprint.json'), JSON.stringify(sprint));
  return sprint;
}

it('tries the best of the last night where nothing or "best" is asked for', () => {
  close();
  const best = { experiment: 'wide', settings: { k: '3' }, tree: '1'.repeat(40), profile: 'tiny' };
  expect(bestToTry(task, repo, undefined, undefined)).toEqual(best);
  expect(bestToTry(task, repo, 'best', 'tiny')).toEqual(best);
});

it('tries the run that is named, by words that only one has', () => {
  close();
  expect(bestToTry(task, repo, 'other', undefined)).toMatchObject({ experiment: 'other', settings: {} });
  expect(() => bestToTry(task, repo, 'nothing', undefined)).toThrow('no run "nothing"');
});

it('tries no best where there is none, unless it was asked for', () => {
  expect(bestToTry(task, repo, undefined, undefined)).toBeNull();
  expect(() => bestToTry(task, repo, 'best', undefined)).toThrow('no sprint has a verified best yet');
});

it('tries the run that was meant, though the transfer has made more of its recipe since', () => {
  const close = (id: string, more: Partial<Sprint>, settings = { k: '3' }) => {
    const sprint = exampleSprint({
      id,
      runs: [run('1'.repeat(40), 1000, 0.5, { id: `r-k=3-${id}`, settings })],
      ...more,
    });
    mkdirSync(join(repo, 'sprints', id), { recursive: true });
    writeFileSync(join(repo, 'sprints', id, 'sprint.json'), JSON.stringify(sprint));
  };
  close('s1', {});
  close('s2', {});
  close('s3', { profile: 'elsewhere' });
  expect(bestToTry(task, repo, 'k=3', undefined)).toMatchObject({ settings: { k: '3' }, profile: 'tiny' });
  expect(bestToTry(task, repo, 'r-k=3-s2', undefined)).toMatchObject({ settings: { k: '3' } });
  close('s4', {}, { k: '31' });
  expect(() => bestToTry(task, repo, 'k=3', undefined)).toThrow('"k=3" is in the id of 2 runs');
});
