import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { RunRecord } from '#contract/run';
import { isAlive, processesIn } from '#host/processes';
import { worktreeOf } from '#host/worktree';
import { eventsPath, sprintsDir } from '../common/paths.ts';
import { eventOf, loopIn, startCommand, startedRun, tinyRepository } from '../fixtures/loop.ts';
import { git } from '../fixtures/repo.ts';
import { call, finish, type Step, start, train, wait, write } from '../fixtures/scripted.ts';
import { readEvents } from '../journal/events.ts';
import { readSprints } from '../ledger/ledger.ts';

// These tests cover a training run when the loop is asked to stop; recover.e2e.test.ts covers crashes.
const checkout = resolve(import.meta.dirname, '../..');
const quoted = (path: string) => `'${path.replaceAll("'", `'\\''`)}'`;

/** A sprint of one run. Each stop may use up one of its waits; surplus waits are answered at once. */
const oneRun = (experiment: string): Step[] => [
  start('kept'),
  write(0.9),
  train(experiment),
  ...Array<Step>(8).fill(wait),
  finish(),
];
const recordOf = (repo: string, run: string) =>
  RunRecord.parse(JSON.parse(readFileSync(join(repo, 'checkpoints', run, 'run.json'), 'utf8')));
const notices = (repo: string) =>
  readEvents(eventsPath(repo)).flatMap((e) =>
    e.type === 'loop.notice' && e.text.startsWith('stopping') ? [e.text.split(' ', 3).join(' ')] : [],
  );
const inLog = (repo: string) => readEvents(eventsPath(repo)).length;
/** Lets a `held` run end. */
const mayEnd = (repo: string) => writeFileSync(join(repo, 'state/may-end'), '');
const loopOf = (repo: string) => startCommand(repo, 'loop', '--sandbox', 'off');

/** Waits until a training run has saved its state. */
async function saved(repo: string): Promise<string> {
  const { run } = await eventOf(repo, 'run.started');
  while (!existsSync(join(repo, 'checkpoints', run, 'out/optimizer.safetensors'))) await sleep(25);
  return run;
}

/** The next start finishes the sprint, with that run and no other. */
async function goesOn(repo: string, run: string): Promise<void> {
  await loopIn(repo, { maxSprints: 1 });
  const [sprint] = readSprints(sprintsDir(repo));
  expect(sprint).toMatchObject({ outcome: 'new-best', candidate: run });
  expect(sprint.runs.map(({ id, status, endedBy }) => [id, status, endedBy])).toEqual([
    [run, 'finished', 'trainer'],
  ]);
  expect(git(worktreeOf(repo), 'status', '--porcelain')).toBe('');
}

/**
 * `npm run loop` as our package.json defines it, in another repository and in a process group of its own, as
 * a terminal starts it.
 */
function underNpm(repo: string) {
  const { scripts } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')) as {
    scripts: { loop: string };
  };
  const loop = scripts.loop.replaceAll(/\S+\.m?[jt]s\b/g, (path) => quoted(join(checkout, path)));
  writeFileSync(join(repo, 'package.json'), JSON.stringify({ type: 'module', scripts: { loop } }));
  git(repo, 'add', 'package.json');
  git(repo, '-c', 'user.name=T', '-c', 'user.email=t@example.org', 'commit', '-qm', 'Scripts');
  const argv = ['run', '--silent', 'loop', '--', '--sandbox', 'off'];
  const npm = spawn('npm', argv, { cwd: repo, detached: true, stdio: 'ignore' });
  return { pid: npm.pid as number, ended: new Promise((done) => npm.once('exit', done)) };
}

describe('one Ctrl-C', () => {
  it.each([
    ['SIGINT', 'to a group with npm in it, which hands it on', -1, 130],
    ['SIGTERM', 'to npm alone', 1, 143],
  ] as const)('is one request: %s %s', async (signal, _, sign, code) => {
    const repo = tinyRepository([oneRun('saves')]);
    const npm = underNpm(repo);
    const run = await saved(repo);
    process.kill(sign * npm.pid, signal);
    expect(await npm.ended).toBe(code);
    // npm has waited for the loop.
    expect(processesIn(repo)).toEqual([]);
    expect(notices(repo)).toEqual(['stopping after this']);
    expect(recordOf(repo, run)).toMatchObject({ status: 'killed', endedBy: 'loop' });
    expect(readSprints(sprintsDir(repo))).toEqual([]);
    // What is left is the same by each way.
    if (signal === 'SIGTERM') await goesOn(repo, run);
  });

  it('closes, reports and commits a sprint in which nothing trains, once its turn has ended', async () => {
    const command = 'touch ../begun; while [ ! -e ../enough ]; do sleep 0.05; done';
    const repo = tinyRepository([[start('busy'), call('bash', { command }), finish()]]);
    const loop = loopOf(repo);
    while (!existsSync(join(repo, 'state/begun'))) await sleep(25);
    loop.child.kill('SIGINT');
    await eventOf(repo, 'loop.notice', ({ text }) => text.startsWith('stopping'));
    writeFileSync(join(repo, 'state/enough'), '');
    expect(await loop.ended).toBe(130);
    expect(readSprints(sprintsDir(repo)).map((s) => s.outcome)).toEqual(['interrupted']);
    expect(git(worktreeOf(repo), 'status', '--porcelain')).toBe('');
    expect(loop.said()).not.toMatch(/^Open:/m);
  });
});

it('does not wait at its end for the judge that it has started for later', async () => {
  const repo = tinyRepository();
  const judge = join(repo, 'judge.mjs');
  // It answers the questions of the start, and no later one.
  const hangs = `if (existsSync(${JSON.stringify(eventsPath(repo))})) await new Promise((done) => setTimeout(done, 50_000));`;
  writeFileSync(judge, readFileSync(judge, 'utf8').replace("if (dir === '--describe') {", `$&\n  ${hangs}`));
  git(repo, 'commit', '-qam', 'A judge that takes long to start');
  const loop = loopOf(repo);
  await eventOf(repo, 'loop.stopped');
  expect(await Promise.race([loop.ended, sleep(30_000, 'waits', { ref: false })])).not.toBe('waits');
  expect(processesIn(repo)).toEqual([]);
});

describe('a run that trains as the loop is stopped', () => {
  it('is kept, and goes on, however often and however soon that happens', async () => {
    // The run saves nothing, so that it starts again each time.
    const repo = tinyRepository([oneRun('held')]);
    const begun = (after: number) => eventOf(repo, 'run.started', ({ seq }) => seq > after);
    let before = 0;
    let run = '';
    const stops: readonly (readonly NodeJS.Signals[])[] = [
      // Two signals at nearly the same time; SIGKILL, which leaves no time to react; and one signal.
      ...([['SIGINT', 'SIGTERM'], ['SIGKILL'], ['SIGTERM']] as NodeJS.Signals[][]),
    ];
    for (const signals of stops) {
      const loop = loopOf(repo);
      run = (await begun(before)).run;
      before = inLog(repo);
      for (const signal of signals) loop.child.kill(signal);
      await loop.ended;
      expect(readSprints(sprintsDir(repo))).toEqual([]);
    }
    mayEnd(repo);
    await goesOn(repo, run);
  });

  it('goes on when it is stopped as it is taken up, before it has begun', async () => {
    const repo = tinyRepository([oneRun('saves')]);
    const first = loopOf(repo);
    const run = await saved(repo);
    first.child.kill('SIGTERM');
    await first.ended;
    const before = inLog(repo);
    const { code } = await loopIn(repo, {}, (loop) => (event) => {
      if (event.type === 'loop.started') loop.stopper.ask({ code: 'stop', reason: 'enough' });
    });
    expect([code, inLog(repo) > before]).toEqual([0, true]);
    await goesOn(repo, run);
  });

  it('is kept where whoever ends the machine asks all processes at once', async () => {
    const repo = tinyRepository([oneRun('saves')]);
    const loop = loopOf(repo);
    const run = await saved(repo);
    const { processes } = await startedRun(repo);
    // The trainer gets the signal first.
    process.kill(processes[0].pid, 'SIGTERM');
    while (recordOf(repo, run).endedBy === undefined) await sleep(5);
    loop.child.kill('SIGTERM');
    expect(await loop.ended).toBe(143);
    expect(recordOf(repo, run)).toMatchObject({ status: 'killed', endedBy: 'loop' });
    await goesOn(repo, run);
  });

  it.each(['SIGINT', 'SIGKILL'] as const)(
    'keeps the place of those that wait for the device, over %s',
    async (signal) => {
      const both = [train('saves'), train('plain', { seed: 1 })];
      const repo = tinyRepository([
        [start('kept'), write(0.9), both, ...Array<Step>(8).fill(wait), finish()],
      ]);
      const loop = loopOf(repo);
      const run = await saved(repo);
      const { processes } = await startedRun(repo);
      const { seq } = await eventOf(repo, 'run.queued');
      // From then on the researcher's transcript has the answer about the queued run.
      await eventOf(repo, 'turn.started', (event) => event.seq > seq);
      loop.child.kill(signal);
      const code = await loop.ended;
      expect(readSprints(sprintsDir(repo))).toEqual([]);
      if (signal === 'SIGINT') {
        expect([code, processes.filter(({ pid, start }) => isAlive(pid, start))]).toEqual([130, []]);
        // Nothing half-done is committed: the branch has only its start.
        expect(git(worktreeOf(repo), 'log', '--format=%s', '--grep=^Sprint', 'main..')).toBe('');
        expect(loop.said()).toContain('Stopped: Ctrl-C.');
        expect(loop.said()).toMatch(/^Take over: +git merge run\//m);
      }
      const { events } = await loopIn(repo, { maxSprints: 1 });
      expect(events.flatMap((e) => (e.type === 'run.started' ? [e.ticket] : []))).toEqual([
        'queued-1',
        'queued-2',
      ]);
      const [sprint] = readSprints(sprintsDir(repo));
      expect(sprint.runs.map(({ id, status, seed }) => [id === run, status, seed])).toEqual([
        [true, 'finished', 0],
        [false, 'finished', 1],
      ]);
      // The researcher refers to the run by its ticket.
      expect(sprint).toMatchObject({ outcome: 'new-best', candidate: sprint.runs[1].id });
      expect(sprint.unstarted).toBeUndefined();
    },
  );

  it('that somebody else ended is told as that, and the loop goes on', async () => {
    const repo = tinyRepository([oneRun('saves')]);
    const loop = startCommand(repo, 'loop', '--sandbox', 'off', '--max-sprints', '1');
    const run = await saved(repo);
    const { processes } = await startedRun(repo);
    process.kill(processes[0].pid, 'SIGTERM');
    await eventOf(repo, 'run.finished');
    expect(recordOf(repo, run)).toMatchObject({
      ...{ status: 'killed', endedBy: 'outside', reason: 'ended by a signal from outside' },
    });
    await loop.ended;
  });

  it('may finish first with --after-run, and its sprint is judged and committed', async () => {
    const repo = tinyRepository([oneRun('held'), oneRun('held')]);
    const loop = loopOf(repo);
    const { run } = await eventOf(repo, 'run.started');
    expect(await startCommand(repo, 'stop', '--after-run', '--now').ended).toBe(2);
    expect(await startCommand(repo, 'stop', '--after-run').ended).toBe(0);
    mayEnd(repo);
    expect(await loop.ended).toBe(0);
    expect(notices(repo)).toEqual(['stopping after the']);
    const sprints = readSprints(sprintsDir(repo));
    expect(sprints.map((s) => [s.outcome, s.candidate])).toEqual([['new-best', run]]);
    expect(git(worktreeOf(repo), 'status', '--porcelain')).toBe('');
  });

  it('is kept where Ctrl-C comes while it may finish', async () => {
    const repo = tinyRepository([oneRun('saves')]);
    const loop = loopOf(repo);
    const run = await saved(repo);
    await startCommand(repo, 'stop', '--after-run').ended;
    await eventOf(repo, 'loop.notice', ({ text }) => text.startsWith('stopping after'));
    expect(recordOf(repo, run).status).toBe('running');
    loop.child.kill('SIGINT');
    expect(await loop.ended).toBe(130);
    await goesOn(repo, run);
  });
});

it('tells of a run that waited for the device until its sprint ended', async () => {
  const both = [train('slow'), train('plain', { seed: 2 })];
  const repo = tinyRepository([[start('silent'), write(0.9), both, 'Enough.', 'Enough.']]);
  await loopIn(repo, { maxSprints: 1 });
  const [sprint] = readSprints(sprintsDir(repo));
  expect(sprint.runs.map(({ experiment }) => experiment)).toEqual(['slow']);
  expect(sprint.unstarted).toMatchObject([
    { ticket: 'queued-2', experiment: 'plain', seed: 2, reason: 'not started: the sprint has ended' },
  ]);
});

it('gives sprints of two branches that begin in one minute names of their own', async () => {
  const repo = tinyRepository([oneRun('plain')]);
  for (const fresh of [false, true]) await loopIn(repo, { maxSprints: 1, fresh });
  const runs = readdirSync(join(repo, 'checkpoints')).filter((name) => name !== 'outputs');
  expect(new Set(runs.map((run) => recordOf(repo, run).sprint)).size).toBe(2);
});
