import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { worktreeOf } from '#host/worktree';
import { sprintsDir } from '../common/paths.ts';
import { loopIn, tinyRepository } from '../fixtures/loop.ts';
import { branchOf, git } from '../fixtures/repo.ts';
import { sprintTo } from '../fixtures/scripted.ts';
import { readSprints } from '../ledger/ledger.ts';
import { indexIn } from '../report/fixtures/opened.ts';
import { renderNotebook, renderReport } from '../report/index.ts';

const numberIn = (repo: string) =>
  JSON.parse(readFileSync(join(worktreeOf(repo), 'work/number.json'), 'utf8')).f1;

describe('the loop, end to end on a tiny task', () => {
  it('runs sprints until nothing is left: judged, reported, committed; the best stays and the rest goes back', async () => {
    const repo = tinyRepository([sprintTo('first', 0.6), sprintTo('worse', 0.3), sprintTo('best', 0.8)]);
    const main = git(repo, 'rev-parse', 'main');
    const { code, events } = await loopIn(repo, {}, undefined, {
      report: renderReport,
      notebook: renderNotebook,
    });

    expect(events.at(-1)).toMatchObject({
      type: 'loop.stopped',
      code: 'nothing-left',
      exitCode: 0,
    });
    expect(code).toBe(0);
    const sprints = readSprints(sprintsDir(repo));
    expect(sprints.map((s) => s.outcome)).toEqual(['new-best', 'no-gain', 'new-best']);
    expect(sprints[2]).toMatchObject({
      predicted: { f1: 0.8 },
      bestBefore: { metrics: { f1: 0.6 } },
      change: { kept: true, files: ['work/number.json'] },
      runs: [{ status: 'finished', evals: [{ metrics: { f1: 0.8 } }], verdict: { metrics: { f1: 0.8 } } }],
    });
    expect(numberIn(repo)).toBe(0.8);
    expect(readFileSync(join(sprintsDir(repo), sprints[1].id, 'change.patch'), 'utf8')).toContain(
      '+{"f1":0.3',
    );

    // One commit for each sprint on the run branch, after the baseline; the user's branch is unchanged.
    const day = new Date().toISOString().slice(0, 10);
    expect(branchOf(repo)).toBe(`run/${day}`);
    expect(git(repo, 'branch', '--show-current')).toBe('main');
    expect(git(repo, 'status', '--porcelain')).toBe('');
    expect(JSON.parse(readFileSync(join(repo, 'work/number.json'), 'utf8')).f1).not.toBe(0.8);
    expect(git(repo, 'rev-parse', 'main')).toBe(main);
    expect(git(worktreeOf(repo), 'log', '--format=%s', 'main..').split('\n')).toEqual([
      'Sprint 3: Try best (new-best)',
      'Sprint 2: Try worse (no-gain)',
      'Sprint 1: Try first (new-best)',
      'Begin with the published baselines only',
    ]);
    expect(git(worktreeOf(repo), 'log', '-1', '--format=%(trailers:only)')).toContain(
      'F1: 0.8\nMCC: 0.6\nVerdict: new-best',
    );
    expect(git(repo, 'rev-parse', 'best/tiny')).toBe(git(worktreeOf(repo), 'rev-parse', 'HEAD'));
    expect(git(worktreeOf(repo), 'status', '--porcelain')).toBe('');
    for (const page of [`${sprints[0].id}.html`, `${sprints[0].id}.pdf`, 'index.html']) {
      expect(existsSync(join(repo, 'reports', page)), page).toBe(true);
    }
    // The notebook says why the loop ended, and holds the commit of each sprint.
    const notebook = readFileSync(join(repo, 'reports/index.html'), 'utf8');
    expect(notebook).toContain('<dt>Why it stopped</dt><dd>The loop: ');
    expect(indexIn(notebook).sprints.map(({ commit }) => commit)).toEqual(
      ['HEAD~2', 'HEAD~1', 'HEAD'].map((commit) => ({
        hash: git(worktreeOf(repo), 'rev-parse', commit),
        branch: `run/${day}`,
      })),
    );
    expect(existsSync(join(repo, 'state/lock.json'))).toBe(false);
  });

  it('goes on where it stopped, with its numbers, on the same branch', async () => {
    const repo = tinyRepository([sprintTo('first', 0.6), sprintTo('second', 0.7)]);
    await loopIn(repo, { maxSprints: 1 });
    writeFileSync(join(worktreeOf(repo), 'work/number.json'), '{"f1":0.65,"mcc":0.6}\n');
    const { events } = await loopIn(repo, { maxSprints: 1 });
    expect(events.at(-1)).toMatchObject({ code: 'sprints', exitCode: 0 });
    expect(readSprints(sprintsDir(repo)).map((s) => [s.number, s.outcome])).toEqual([
      [1, 'new-best'],
      [2, 'new-best'],
    ]);
    expect(git(worktreeOf(repo), 'log', '--format=%s', '-2')).toBe(
      'Sprint 2: Try second (new-best)\nStart from work/ as it is in the checkout',
    );
  });
});
