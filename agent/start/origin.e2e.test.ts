import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { worktreeOf } from '#host/worktree';
import { sprintsDir } from '../common/paths.ts';
import { loopIn, tinyRepository } from '../fixtures/loop.ts';
import { branchOf, git } from '../fixtures/repo.ts';
import { call, sprintTo } from '../fixtures/scripted.ts';
import { readBeganFrom } from '../ledger/began-from.ts';
import { readSprints } from '../ledger/ledger.ts';

const [, ...rest] = sprintTo('better', 0.75);
/** It edits the check, which is the user's. */
const edit = call('str_replace_based_edit_tool', {
  ...{ command: 'create', path: 'work/check.mjs', file_text: 'process.exit(0);\n' },
});
const [claim, ...work] = rest;

let repo: string;
let first: string;
let runs: string[];
beforeAll(async () => {
  repo = tinyRepository([sprintTo('base', 0.5), [claim, edit, ...work].filter((step) => step !== undefined)]);
  appendFileSync(join(repo, 'TASK.md'), '');
  const task = readFileSync(join(repo, 'TASK.md'), 'utf8');
  writeFileSync(join(repo, 'TASK.md'), task.replace(/^check: .*$/m, '$&\ncheckFiles: [work/check.mjs]'));
  git(repo, 'commit', '-qam', 'Name the files of the check');
  const { events } = await loopIn(repo, { maxSprints: 2 });
  first = branchOf(repo);
  runs = events.flatMap((event) => (event.type === 'run.started' ? [event.run] : []));
});

const notices = (events: Awaited<ReturnType<typeof loopIn>>['events']) =>
  events.flatMap((event) => (event.type === 'loop.notice' ? [event.text] : []));
const show = (ref: string) => git(repo, 'show', ref);

it('a night begins from the best of another one: a new run branch, with the check as the user has it', async () => {
  const { code, events } = await loopIn(repo, { fresh: true, start: first, maxSprints: 1 });
  expect(code).toBe(0);
  const branch = `${first}-2`;
  expect(notices(events).find((text) => text.includes(' begins with work/ of '))).toMatch(
    new RegExp(
      `^${branch} begins with work/ of ${first} \\([0-9a-f]{9}\\) \\(f1 0\\.75, mcc 0\\.6\\): commit`,
    ),
  );
  const [start] = git(repo, 'rev-list', '--reverse', `main..${branch}`).split('\n');
  expect(git(repo, 'rev-parse', `${start}^`)).toBe(git(repo, 'rev-parse', 'main'));
  expect(show(`${start}:work/number.json`)).toContain('0.75');
  expect(show(`${start}:work/check.mjs`)).toBe(show('main:work/check.mjs'));
  expect(show(`${first}:work/check.mjs`)).toBe('process.exit(0);');
  expect(readBeganFrom(sprintsDir(repo))).toMatchObject({
    ...{ branch, from: expect.stringContaining(`${first} (`), run: null, metrics: { f1: 0.75, mcc: 0.6 } },
    sprint: { number: 2, outcome: 'new-best', metric: 'f1' },
  });
  expect(git(repo, 'ls-tree', '--name-only', `${start}:sprints`)).toContain('began-from.json');
  // It has a ledger of its own, and the user's files are as they were.
  expect(readSprints(sprintsDir(repo)).map(({ number }) => number)).toEqual([1]);
  expect(git(repo, 'status', '--porcelain')).toBe('');
  expect(
    git(worktreeOf(repo), 'log', '-1', '--format=%(trailers:key=Researcher,valueonly)', start as string),
  ).toContain('offline');
});

it('begins from a run as well', async () => {
  const { events } = await loopIn(repo, { fresh: true, start: runs[0] as string, maxSprints: 1 });
  expect(notices(events).find((text) => text.includes(' begins with '))).toContain(
    `begins with work/ of run ${runs[0]} (sprint 1 of ${first}) (f1 0.5, mcc 0.6): commit`,
  );
});

it('is refused in one line where it is no such place, or where a branch would be continued', async () => {
  const before = git(repo, 'for-each-ref');
  await expect(loopIn(repo, { fresh: true, start: 'nowhere' })).rejects.toThrow(
    /^nowhere: is no run, run branch or commit of this checkout/,
  );
  await expect(loopIn(repo, { start: first })).rejects.toThrow(/would be continued; add --new/);
  expect(git(repo, 'for-each-ref')).toBe(before);
});
