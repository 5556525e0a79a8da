import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import { loopIn, startCommand, tinyRepository } from '../fixtures/loop.ts';
import { branchOf, emptyFolder, git } from '../fixtures/repo.ts';
import { sprintTo } from '../fixtures/scripted.ts';

let night: string;
let branch: string;
let runs: string[];
beforeAll(async () => {
  night = tinyRepository([sprintTo('first', 0.5), sprintTo('second', 0.75), sprintTo('third', 0.25)]);
  const { events } = await loopIn(night, { maxSprints: 3 });
  branch = branchOf(night);
  runs = events.flatMap((event) => (event.type === 'run.started' ? [event.run] : []));
});

let before: string;
beforeEach(() => {
  before = git(night, 'rev-parse', 'main');
});

/** Runs the command; the branch is put back afterwards. */
async function adopt(...args: string[]) {
  const command = startCommand(night, 'adopt', ...args);
  const code = await command.ended;
  return { code, said: command.said() };
}
const undo = () => git(night, 'reset', '-q', '--hard', before);
const number = () => JSON.parse(readFileSync(join(night, 'work/number.json'), 'utf8')).f1;

it('puts the best on the branch as one commit that names run, sprint and numbers', async () => {
  const { code, said } = await adopt();
  expect(code, said).toBe(0);
  expect(said).toMatch(
    /^main: commit [0-9a-f]{9} has work\/ of run \S+ \(sprint 2 of run\/\S+\): 1 file, \+1 -1\nverified: f1 0\.75, mcc 0\.6\nkept, because the night began without them: work\/extra\.json\nlook: /,
  );
  expect(number()).toBe(0.75);
  // The night of the replay began without it.
  expect(git(night, 'show', 'HEAD:work/extra.json')).toBe(git(night, 'show', `${before}:work/extra.json`));
  expect(git(night, 'rev-list', `${before}..main`, '--count')).toBe('1');
  const trailer = (key: string) => git(night, 'log', '-1', `--format=%(trailers:key=${key},valueonly)`);
  expect(['Run', 'Verdict', 'F1', 'MCC', 'Profile', 'Researcher'].map(trailer)).toEqual([
    ...[runs[1], 'new-best', '0.75', '0.6', 'tiny', 'offline replay, no model'],
  ]);
  expect(git(night, 'log', '-1', '--format=%s')).toBe(
    `Adopt work/ of run ${runs[1]} (sprint 2 of ${branch})`,
  );
  expect(git(night, 'log', '-1', '--format=%b')).toContain('Sprint 2: "Try second" (new-best).');
  expect(await adopt()).toMatchObject({ code: 0, said: expect.stringContaining('main has work/ of run') });
  // What a run has left there is replaced by what another has.
  expect((await adopt(runs[2] as string)).said).toContain('verified: f1 0.25');
  expect(number()).toBe(0.25);
  undo();
});

it('refuses in one line what it could not undo, and says what to do', async () => {
  const refused = async (said: RegExp, ...args: string[]) => {
    const answer = await adopt(...args);
    expect(answer.said).toMatch(said);
    expect(answer.said).toMatch(/^error: [^\n]+\n$/);
    expect([answer.code, git(night, 'rev-parse', 'main')]).toEqual([2, git(night, 'rev-parse', 'HEAD')]);
  };
  writeFileSync(join(night, 'work/extra.json'), '2\n');
  writeFileSync(join(night, 'work/mine.txt'), 'mine');
  await refused(
    /uncommitted changes in work\/ \(work\/extra\.json, work\/mine\.txt\); commit them, or put them aside: git stash push -u -- work/,
  );
  rmSync(join(night, 'work/mine.txt'));
  git(night, 'checkout', '-q', '--', 'work');
  await refused(/nothing-like-it: is no run, run branch or commit/, 'nothing-like-it');
  await refused(/unknown option/, '--wat');
  // The same line is changed on both sides.
  writeFileSync(join(night, 'work/number.json'), '{"f1":0.9,"mcc":0.9}\n');
  git(night, 'commit', '-qam', 'My own number');
  await refused(
    new RegExp(
      `work/ of main has changed since ${branch} began, and both changed work/number\\.json; merge by hand \\(git merge ${branch}\\), or take the run's as it is: npm run adopt -- \\S+ --replace`,
    ),
  );
  expect((await adopt('--replace')).code).toBe(0);
  expect(number()).toBe(0.75);
  undo();
  git(night, 'switch', '-q', branch);
  const { said } = await adopt();
  git(night, 'switch', '-q', 'main');
  expect(said).toMatch(/is a branch of the loop; switch to your own first/);
});

it('works in a clone, which has the commits and not the trees of the runs', async () => {
  const clone = emptyFolder();
  git(clone, 'clone', '-q', '--no-local', night, '.');
  const command = startCommand(clone, 'adopt', runs[1] as string);
  expect(await command.ended, command.said()).toBe(0);
  expect(git(clone, 'show', 'HEAD:work/number.json')).toContain('0.75');
  const other = startCommand(clone, 'adopt', runs[2] as string);
  expect(await other.ended).toBe(2);
  expect(other.said()).toMatch(/which is not in this repository; use the checkout in which it was trained/);
});
