import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { LoggedEvent } from '#contract/event';
import { ONE_REQUEST_MS } from '#host/one-request';
import { processesIn } from '#host/processes';
import { worktreeOf } from '#host/worktree';
import { eventsPath, laneDirs, runDir, sprintsDir } from '../common/paths.ts';
import { eventOf, loopIn, startCommand, tinyRepository, twoDevices } from '../fixtures/loop.ts';
import { git } from '../fixtures/repo.ts';
import { call, finish, type Step, start, train, wait, write } from '../fixtures/scripted.ts';
import { readEvents } from '../journal/events.ts';
import { readSprints } from '../ledger/ledger.ts';
import { runNames } from '../ledger/run-folder.ts';

// Ctrl-C where several researchers work; stopping.e2e.test.ts has one.

/** A sprint of one run; `saves` saves its state and waits to be resumed. A stop may use up a wait. */
const trains = (slug: string, f1: number, experiment = 'saves', ...first: Step[]): Step[] => [
  start(slug, f1),
  write(f1),
  ...first,
  train(experiment),
  ...Array<Step>(6).fill(wait),
  finish(),
];
/** A command that runs until there is this file in `state/`. */
const until = (file: string) =>
  call('bash', {
    command: `cd "$(git rev-parse --git-common-dir)/../state" && touch before-${file}; while [ ! -e ${file} ]; do sleep 0.05; done`,
  });
/** A sprint in which nothing trains. */
const busy = (slug: string): Step[] => [start(slug), until(`${slug}-may-end`), finish({ candidate: null })];
const allow = (repo: string, file: string) => writeFileSync(join(repo, 'state', file), '');

const logged = (repo: string) => readEvents(eventsPath(repo));
const told = <T extends LoggedEvent['type']>(repo: string, type: T) =>
  logged(repo).filter((event): event is Extract<LoggedEvent, { type: T }> => event.type === type);
const stops = (repo: string) =>
  told(repo, 'loop.notice').flatMap(({ text }) => /^stopping (after this|at once)/.exec(text)?.[0] ?? []);
const ended = (repo: string) => readSprints(sprintsDir(repo));
const savedRuns = (repo: string) =>
  existsSync(join(repo, 'checkpoints'))
    ? runNames(repo).filter((run) => existsSync(join(runDir(repo, run), 'out/optimizer.safetensors')))
    : [];

/** Starts a loop of four researchers, and waits until two runs have saved and these commands run. */
async function working(repo: string, files: readonly string[]) {
  const loop = startCommand(repo, 'loop', '--researchers', '4', '--sandbox', 'off');
  const begun = () => files.every((file) => existsSync(join(repo, 'state', `before-${file}`)));
  while (savedRuns(repo).length < 2 || !begun()) await sleep(50);
  return loop;
}

/** One commit a sprint, in the order of the verdicts, and no process is left. */
function expectTidy(repo: string): void {
  const sprints = ended(repo);
  expect(told(repo, 'sprint.closed').map(({ sprint }) => sprint)).toEqual(sprints.map(({ id }) => id));
  const commits = git(worktreeOf(repo), 'log', '--reverse', '--format=%s', '--grep=^Sprint', 'main..');
  expect(commits.split('\n').filter(Boolean)).toEqual(
    sprints.map(({ number, title, outcome }) => `Sprint ${number}: ${title} (${outcome})`),
  );
  expect(processesIn(repo)).toEqual([]);
}

it('one Ctrl-C: runs are saved, and what trains nothing is closed, reported and committed, of all researchers', async () => {
  const repo = twoDevices(
    tinyRepository([trains('one', 0.6), trains('two', 0.7), busy('three'), busy('four')]),
  );
  const loop = await working(repo, ['three-may-end', 'four-may-end']);
  const runs = savedRuns(repo).sort();
  loop.child.kill('SIGINT');
  await eventOf(repo, 'loop.notice', ({ text }) => text.startsWith('stopping'));
  for (const file of ['three-may-end', 'four-may-end']) allow(repo, file);
  expect(await loop.ended, loop.said()).toBe(130);
  expect(stops(repo)).toEqual(['stopping after this']);
  expectTidy(repo);
  const tip = git(worktreeOf(repo), 'rev-parse', 'HEAD');
  expect(laneDirs(repo).map((folder) => git(folder, 'rev-parse', 'HEAD'))).toEqual(Array(4).fill(tip));
  const closed = ended(repo);
  expect(closed.map(({ outcome }) => outcome)).toEqual(['interrupted', 'interrupted']);
  expect(closed.map(({ id }) => id.replace(/.*-/, '')).sort()).toEqual(['four', 'three']);
  for (const { id } of closed) expect(existsSync(join(repo, 'reports', `${id}.html`)), id).toBe(true);
  expect(loop.said().match(/^Open: .*Try (one|two);/gm)).toHaveLength(2);

  // The next start goes on with both, also where fewer researchers are asked for.
  expect((await loopIn(repo, { maxSprints: 2 })).code).toBe(0);
  expectGoneOn(repo, runs);
  expect(
    ended(repo)
      .map(({ number }) => number)
      .sort(),
  ).toEqual([1, 2, 3, 4]);
});

it('two Ctrl-C: all stop at once, and the next start goes on with every sprint and every run', async () => {
  const trained = [trains('one', 0.6), trains('two', 0.7), trains('three', 0.8, 'plain', until('third'))];
  const repo = twoDevices(tinyRepository([...trained, busy('four')]));
  const loop = await working(repo, ['third', 'four-may-end']);
  const runs = savedRuns(repo).sort();
  // Both places are taken by now.
  allow(repo, 'third');
  const { ticket, seq, researcherId } = await eventOf(repo, 'run.queued');
  // From then on its transcript has the answer about the queued run.
  await eventOf(repo, 'turn.started', (e) => e.seq > seq && e.researcherId === researcherId);
  loop.child.kill('SIGINT');
  await eventOf(repo, 'loop.notice', ({ text }) => text.startsWith('stopping'));
  await sleep(ONE_REQUEST_MS);
  loop.child.kill('SIGINT');
  expect(await loop.ended, loop.said()).toBe(130);
  expect(stops(repo)).toEqual(['stopping after this', 'stopping at once']);
  expectTidy(repo);
  expect(ended(repo)).toEqual([]);
  expect(loop.said().match(/^Open: .*Try (one|two|three|four);/gm)).toHaveLength(4);
  const spoken = transcripts(repo);

  expect((await loopIn(repo, { researchers: 4, maxSprints: 4 })).code).toBe(0);
  expectGoneOn(repo, runs, ticket);
  // What was said stays said, in one conversation a sprint.
  const now = transcripts(repo);
  expect(now.map(([name]) => name)).toEqual(spoken.map(([name]) => name));
  for (const [i, [name, text]] of spoken.entries()) expect(now[i]?.[1].startsWith(text), name).toBe(true);
});

const transcripts = (repo: string): [string, string][] => {
  const folder = join(repo, 'state/transcripts');
  return readdirSync(folder)
    .sort()
    .map((name) => [name, readFileSync(join(folder, name), 'utf8')]);
};

/** Each sprint that trains has ended with the run that it had, or with the one that it had queued. */
function expectGoneOn(repo: string, runs: readonly string[], ticket?: string): void {
  expectTidy(repo);
  expect(git(worktreeOf(repo), 'status', '--porcelain', '--', 'work')).toBe('');
  const sprints = ended(repo).filter(({ runs }) => runs.length > 0);
  const made = sprints.flatMap(({ runs }) => runs);
  expect(made.map(({ status, endedBy }) => [status, endedBy])).toEqual(
    sprints.map(() => ['finished', 'trainer']),
  );
  const later = made.map(({ id }) => id).filter((id) => !runs.includes(id));
  expect([made.length - later.length, later.length]).toEqual([runs.length, ticket ? 1 : 0]);
  for (const { candidate, outcome } of sprints) {
    expect(made.map(({ id }) => id)).toContain(candidate);
    expect(['new-best', 'no-gain']).toContain(outcome);
  }
  if (ticket)
    expect(told(repo, 'run.started').filter(({ run }) => later.includes(run))).toMatchObject([{ ticket }]);
}
