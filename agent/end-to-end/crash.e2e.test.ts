import type { ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { LoggedEvent } from '#contract/event';
import { RunRecord } from '#contract/run';
import { processesIn } from '#host/processes';
import { committedTree } from '#host/tree';
import { worktreeOf } from '#host/worktree';
import { eventsPath, laneDirs, sprintsDir } from '../common/paths.ts';
import { loopIn, startCommand, tinyRepository } from '../fixtures/loop.ts';
import { randomFrom } from '../fixtures/random.ts';
import { git } from '../fixtures/repo.ts';
import { type Step, sprintTo } from '../fixtures/scripted.ts';
import { sumRepository, write as writeFile } from '../fixtures/sum.ts';
import { readEvents } from '../journal/events.ts';
import { lockHolder } from '../journal/lock.ts';
import { readSprints } from '../ledger/ledger.ts';
import { Transcript } from '../open-sprint/transcript.ts';
import { readStatus } from '../screen/status.ts';

/**
 * The number of crashes; npm run test:crash has more. SEED=... repeats the same delays, as far as timing
 * allows.
 */
const CRASHES = Number(process.env.CRASHES ?? 3);
const SEED = Number(process.env.SEED ?? Date.now() % 1e6);

it.each([1, 2])(
  `loses and doubles nothing when it is killed at ${CRASHES} random instants, with %i researchers`,
  async (researchers) => {
    console.log(`SEED=${SEED} CRASHES=${CRASHES}`);
    const random = randomFrom(SEED);
    const side = ['--researchers', String(researchers)];
    const repo = researchers === 1 ? tinyRepository(numbers(3)) : sumRepository(numbers(5).map(inTurn));
    const main = git(repo, 'rev-parse', 'main');
    const within: number[] = [];
    const after: number[] = [];
    for (let crash = 0; crash < CRASHES; crash++) {
      const loop = startCommand(repo, 'loop', ...side);
      // Kills at any time from before the first write to after some sprints, also where a start is slow.
      const early = random() < 0.1;
      while (!early && loop.child.exitCode === null && !holdsLock(repo, loop.child.pid)) await sleep(10);
      const aimed = researchers > 1 && crash % 2 === 1;
      const open = aimed ? await combineOpened(repo, loop.child) : null;
      await sleep(random() * (open === null ? 2500 : 400));
      loop.child.kill('SIGKILL');
      await loop.ended;
      if (open !== null) (isOpen(repo, open) ? within : after).push(open);
      // Files that others read are complete at any time.
      readSprints(sprintsDir(repo));
      readStatus(repo);
    }
    // In this process, with reports that are made at once: nothing is killed any more.
    expect((await loopIn(repo, { researchers, sandbox: 'auto' })).code).toBe(0);

    const sprints = readSprints(sprintsDir(repo));
    const pairs = sprints.flatMap(({ combines, outcome }) =>
      combines && outcome !== 'interrupted' ? [combines.left] : [],
    );
    console.log(
      `${pairs.length} pairs of gains combined; ${within.length} kills within such a sprint, ${after.length} after one`,
    );
    if (after.length > 0) expect(within.length).toBeGreaterThan(0);
    expect(new Set(pairs).size).toBe(pairs.length);
    if (researchers === 1) expect(pairs).toEqual([]);
    const numbered = sprints.map((s) => s.number);
    // Of two that are made side by side, the later one may have its verdict first.
    expect(researchers === 1 ? numbered : numbered.sort((a, b) => a - b)).toEqual(
      sprints.map((_, i) => i + 1),
    );
    const folders = readdirSync(sprintsDir(repo)).filter((name) => name !== 'leaderboards');
    expect(folders.sort()).toEqual(sprints.map((s) => s.id).sort());
    const commits = git(
      worktreeOf(repo),
      'log',
      '--reverse',
      '--format=%s',
      '--grep=^Sprint',
      'main..',
    ).split('\n');
    expect(commits).toEqual(sprints.map((s) => `Sprint ${s.number}: ${s.title} (${s.outcome})`));
    expect(git(worktreeOf(repo), 'log', '--format=%s', 'main..').split('\n').at(-1)).toBe(
      'Begin with the published baselines only',
    );
    const tip = git(worktreeOf(repo), 'rev-parse', 'HEAD');
    for (const folder of laneDirs(repo)) expect(git(folder, 'rev-parse', 'HEAD')).toBe(tip);
    const changed = git(worktreeOf(repo), 'status', '--porcelain', ...(researchers === 1 ? [] : ['sprints']));
    expect(changed).toBe('');
    const workspaces = sprints.filter(({ change }) => change.kept).map(({ change }) => change.treeAfter);
    expect(await committedTree({ repo, commit: tip, folder: 'work' })).toBe(workspaces.at(-1));
    expect(git(repo, 'rev-parse', 'main')).toBe(main);
    expect(readStatus(repo)).toMatchObject({ loop: 'stopped', sprint: null, runs: [] });
    expect(processesIn(repo)).toEqual([]);

    // The log has the same sprints as the ledger, and every run of each sprint.
    const all = allEvents(repo);
    const told = (type: LoggedEvent['type']) =>
      all.flatMap((e) => (e.type === type && 'sprint' in e ? e.sprint : []));
    expect(told('sprint.closed')).toEqual(sprints.map((s) => s.id));
    expect(told('sprint.committed')).toEqual(sprints.map((s) => s.id));
    for (const id of readdirSync(join(repo, 'checkpoints')).filter((name) => name !== 'outputs')) {
      const path = join(repo, 'checkpoints', id, 'run.json');
      // Killed before the record was written: nothing had been started.
      if (!existsSync(path)) continue;
      const run = RunRecord.parse(JSON.parse(readFileSync(path, 'utf8')));
      expect(run.status).not.toBe('running');
      expect(sprints.filter((s) => s.runs.some((r) => r.id === id)).map((s) => s.id)).toEqual([run.sprint]);
    }

    // No turn of a conversation is missing, and none is there twice.
    for (const name of readdirSync(join(repo, 'state/transcripts'))) {
      const { messages } = new Transcript(join(repo, 'state/transcripts', name));
      expect(messages.map((m) => m.role)).toEqual(
        messages.map((_, i) => (i % 2 === 0 ? 'user' : 'assistant')),
      );
      const ids = (type: string, key: string) =>
        [
          ...JSON.stringify(messages).matchAll(new RegExp(`"type":"${type}"[^{}]*?"${key}":"(\\w+)"`, 'g')),
        ].map((m) => m[1]);
      const calls = ids('tool_use', 'id');
      expect(new Set(calls).size).toBe(calls.length);
      // A conversation that never claimed a sprint is dropped as the crash left it, its last calls
      // unanswered.
      const answered = new Set(ids('tool_result', 'tool_use_id'));
      const unanswered = calls.filter((id) => !answered.has(id));
      expect(unanswered.filter((id) => !JSON.stringify(messages.at(-1)).includes(id))).toEqual([]);
      expect([...answered].filter((id) => !calls.includes(id))).toEqual([]);
    }
    const left = readdirSync(repo, { recursive: true, encoding: 'utf8' });
    expect(left.filter((name) => /\.tmp$|index\.lock$/.test(name))).toEqual([]);
  },
  900_000 + CRASHES * 60_000,
);

const numbers = (more: number) =>
  Array.from({ length: CRASHES + more }, (_, i) => sprintTo(`s${i + 1}`, 0.5 + i / 100));

/** The first sets the number; the others one of two files in turn, so that two side by side can be merged. */
const inTurn = (sprint: Step[], i: number): Step[] =>
  i === 0 ? sprint : sprint.with(2, writeFile(i % 2 === 0 ? 'a.txt' : 'b.txt', `${i / 4}\n`));

const combining = (repo: string, after: number) =>
  events(repo).find((e) => e.type === 'sprint.opened' && e.combines !== undefined && e.seq > after);

/** Where in the log this loop opens a sprint that combines two gains; null where it ends before. */
async function combineOpened(repo: string, loop: ChildProcess): Promise<number | null> {
  const before = events(repo).at(-1)?.seq ?? -1;
  for (;;) {
    const opened = combining(repo, before);
    if (opened || loop.exitCode !== null) return opened?.seq ?? null;
    await sleep(20);
  }
}

/** Whether the sprint that was opened there is not committed. */
function isOpen(repo: string, opened: number): boolean {
  const later = events(repo).filter(({ seq }) => seq >= opened);
  const by = later[0]?.researcherId;
  return !later.some((e) => e.researcherId === by && e.type === 'sprint.committed');
}

const events = (repo: string) => (existsSync(eventsPath(repo)) ? readEvents(eventsPath(repo)) : []);

const holdsLock = (repo: string, pid: number | undefined) => lockHolder(join(repo, 'state'))?.pid === pid;

/** The events of all loops in a repository: each loop that ends moves its log aside. */
function allEvents(repo: string): LoggedEvent[] {
  const logs = join(repo, 'state/logs');
  const old = existsSync(logs) ? readdirSync(logs).filter((name) => name.startsWith('events-')) : [];
  return [...old.sort().map((name) => join(logs, name)), eventsPath(repo)].flatMap((path) =>
    readEvents(path),
  );
}
