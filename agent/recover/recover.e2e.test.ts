import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ONE_REQUEST_MS } from '#host/one-request';
import { isAlive } from '#host/processes';
import { worktreeOf } from '#host/worktree';
import { eventsPath, sprintsDir } from '../common/paths.ts';
import { eventOf, loopIn, startCommand, startedRun, tinyRepository } from '../fixtures/loop.ts';
import { branchOf, git, uncommit } from '../fixtures/repo.ts';
import { call, finish, type Step, sprintTo, start, train, wait, write } from '../fixtures/scripted.ts';
import { readEvents } from '../journal/events.ts';
import { readSprints } from '../ledger/ledger.ts';
import { Transcript } from '../open-sprint/transcript.ts';
import { readStatus } from '../screen/status.ts';

/** A sprint whose first run does not end by itself, and that asks for the run again. */
const hanging = (experiment = 'slow'): Step[] => [
  start('hanging'),
  write(0.9),
  train(experiment),
  wait,
  train(),
  wait,
  finish(),
];
const outcomes = (repo: string) => readSprints(sprintsDir(repo)).map((s) => s.outcome);
const ledgerOfCommits = (repo: string) =>
  git(worktreeOf(repo), 'log', '--format=%s', '--grep=^Sprint', 'main..').split('\n').reverse();

/** Takes an event and all after it out of the log, as a crash just before it would have. */
function cutLogBefore(repo: string, type: string): void {
  const path = join(repo, 'state/events.jsonl');
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  const at = lines.findIndex((line) => line.includes(`"${type}"`));
  writeFileSync(path, `${lines.slice(0, at).join('\n')}\n`);
}

/** Command lines of the processes of a shell tool that run in a repository. */
function commandsIn(repo: string): string[] {
  const lines = execFileSync(
    'sh',
    [
      '-c',
      'for p in /proc/[0-9]*; do echo "$(readlink $p/cwd)|$(tr "\\0" " " < $p/cmdline)"; done 2>/dev/null',
    ],
    {
      encoding: 'utf8',
    },
  ).split('\n');
  return lines.filter((l) => l.startsWith(`${worktreeOf(repo)}|sleep`)).map((l) => l.split('|')[1].trim());
}

describe('a loop that is cut off', () => {
  it('is taken up after kill -9, not before: leftovers end, and the conversation goes on from its last whole turn', async () => {
    const repo = tinyRepository([hanging('forks'), sprintTo('second', 0.7)]);
    const loop = startCommand(repo, 'loop', '--sandbox', 'off');
    const { processes } = await startedRun(repo);
    expect(readStatus(repo)).toMatchObject({
      loop: 'running',
      sprint: { number: 1 },
      runs: [{ experiment: 'forks' }],
    });
    const second = startCommand(repo, 'loop', '--sandbox', 'off');
    expect(await second.ended).toBe(2);
    expect(second.said()).toContain(`another loop runs in this checkout: process ${loop.child.pid}`);
    loop.child.kill('SIGKILL');
    await loop.ended;
    expect(readStatus(repo).loop).toBe('cut off');
    expect(processes.some(({ pid, start }) => isAlive(pid, start))).toBe(true);

    const { events } = await loopIn(repo);
    expect(events[0]).toMatchObject({ type: 'loop.started', resumed: true });
    expect(processes.some(({ pid, start }) => isAlive(pid, start))).toBe(false);
    const [first, next] = readSprints(sprintsDir(repo));
    expect(first).toMatchObject({
      outcome: 'new-best',
      // The run had saved nothing, and began anew.
      runs: [{ status: 'finished' }, { status: 'finished' }],
    });
    expect(first.runs.map((run) => run.endedBy)).toEqual(['trainer', 'trainer']);
    expect(first.cost.turns).toBeGreaterThanOrEqual(7);
    expect(next.outcome).toBe('no-gain');
    expect(ledgerOfCommits(repo)).toEqual([
      'Sprint 1: Try hanging (new-best)',
      'Sprint 2: Try second (no-gain)',
    ]);
    expect(git(worktreeOf(repo), 'status', '--porcelain')).toBe('');
  });

  it('goes on after kill -9 with the run that was under way, where it had saved', async () => {
    const repo = tinyRepository([[start('long'), write(0.9), train('saves'), wait, wait, finish()]]);
    const loop = startCommand(repo, 'loop', '--sandbox', 'off');
    const { run } = await eventOf(repo, 'run.started');
    const saved = join(repo, 'checkpoints', run, 'out/optimizer.safetensors');
    while (!existsSync(saved)) await sleep(25);
    loop.child.kill('SIGKILL');
    await loop.ended;
    const { events } = await loopIn(repo, { maxSprints: 1 });
    const ofIt = events.flatMap((e) => ('run' in e && e.run === run ? [e.type] : []));
    // The next loop finds out how the run of a killed loop ended. stopping.e2e.test.ts has signals.
    expect(ofIt.filter((type) => type !== 'run.progress')).toEqual([
      ...['run.finished', 'run.started', 'run.finished', 'verdict.given'],
    ]);
    const [{ outcome, candidate, runs }] = readSprints(sprintsDir(repo));
    expect([outcome, candidate]).toEqual(['new-best', run]);
    expect(runs.map(({ id, status }) => [id, status])).toEqual([[run, 'finished']]);
    const spent = events.flatMap((e) => (e.type === 'run.finished' ? e.seconds : []));
    expect(runs[0].seconds).toBeCloseTo(spent[0] + spent[1], 6);
  });

  it('has a run measured that had finished just before', async () => {
    const repo = tinyRepository([
      [start('cut'), write(0.9), train(), wait, call('bash', { command: 'sleep 100' }), wait, finish()],
    ]);
    const loop = startCommand(repo, 'loop', '--sandbox', 'off');
    const { run } = await eventOf(repo, 'run.finished');
    while (!commandsIn(repo).includes('sleep 100')) await sleep(25);
    loop.child.kill('SIGKILL');
    await loop.ended;
    // As after a crash between the last row of training and the first measured snapshot.
    rmSync(join(repo, 'checkpoints', run, 'evals.jsonl'));
    await loopIn(repo, { maxSprints: 1 });
    const [{ runs }] = readSprints(sprintsDir(repo));
    expect(runs.map(({ id, evals }) => [id, evals.length])).toEqual([[run, 1]]);
  });

  it('ends a run that was started but is not in the log yet, and enters it', async () => {
    const repo = tinyRepository([hanging('forks')]);
    const loop = startCommand(repo, 'loop', '--sandbox', 'off');
    const { processes, run } = await startedRun(repo);
    loop.child.kill('SIGKILL');
    await loop.ended;
    cutLogBefore(repo, 'run.started');
    expect(processes.some(({ pid, start }) => isAlive(pid, start))).toBe(true);
    const { events } = await loopIn(repo);
    expect(processes.some(({ pid, start }) => isAlive(pid, start))).toBe(false);
    const ofIt = events.flatMap((e) => ('run' in e && e.run === run ? [e.type] : []));
    expect(ofIt.filter((type) => type !== 'run.progress')).toEqual([
      ...['run.started', 'run.finished'],
      ...['run.started', 'run.finished'],
    ]);
    const [{ runs }] = readSprints(sprintsDir(repo));
    expect(runs.map(({ id, status }) => [id === run, status])).toEqual([
      [true, 'finished'],
      [false, 'finished'],
    ]);
  });

  it('goes on where a power cut left locks of git and half-written files', async () => {
    const repo = tinyRepository([sprintTo('first', 0.6), sprintTo('second', 0.7)]);
    await loopIn(repo, { maxSprints: 1 });
    cutLogBefore(repo, 'sprint.committed');
    const [{ id }] = readSprints(sprintsDir(repo));
    uncommit(repo);
    const half = [
      `state/worktree/sprints/${id}/sprint.json.17.tmp`,
      ...['reports/index.html.17.tmp', 'state/lock.json.17.tmp'],
    ];
    const own = ['index', 'HEAD'].map((name) => `.git/worktrees/worktree/${name}.lock`);
    const locks = [...own, '.git/index.lock', '.git/HEAD.lock', `.git/refs/heads/${branchOf(repo)}.lock`];
    for (const name of [...locks, ...half]) {
      writeFileSync(join(repo, name), '{"half');
      utimesSync(join(repo, name), 1, 1);
    }
    const { events } = await loopIn(repo);
    expect(events.some((e) => e.type === 'loop.notice' && e.text.includes('index.lock'))).toBe(true);
    expect(half.filter((name) => existsSync(join(repo, name)))).toEqual([]);
    expect(ledgerOfCommits(repo)).toHaveLength(2);
    expect(git(worktreeOf(repo), 'log', '--format=', '--name-only', 'main..')).not.toContain('.tmp');
  });

  it('goes straight on to the judge when the last word was said already', async () => {
    const repo = tinyRepository([sprintTo('first', 0.6)]);
    await loopIn(repo, { maxSprints: 1 });
    // As after a crash between finish_sprint and sprint.json.
    cutLogBefore(repo, 'verdict.given');
    const [{ id }] = readSprints(sprintsDir(repo));
    rmSync(join(sprintsDir(repo), id, 'sprint.json'));
    uncommit(repo);
    const { events } = await loopIn(repo, { maxSprints: 1 });
    expect(events.filter((e) => e.type === 'turn.finished')).toEqual([]);
    expect(outcomes(repo)).toEqual(['new-best']);
  });

  it('is answered before it is asked again where it had the last word', async () => {
    const repo = tinyRepository([
      [start('words'), write(0.6), train(), wait, 'I am done.', 'Really.', 'Really.'],
    ]);
    await loopIn(repo, { maxSprints: 1 });
    cutLogBefore(repo, 'verdict.given');
    const [{ id }] = readSprints(sprintsDir(repo));
    rmSync(join(sprintsDir(repo), id, 'sprint.json'));
    uncommit(repo);
    await loopIn(repo, { maxSprints: 1 });
    expect(outcomes(repo)).toEqual(['new-best']);
    const [name] = readdirSync(join(repo, 'state/transcripts'));
    const { messages } = new Transcript(join(repo, 'state/transcripts', name));
    expect(messages.map((m) => m.role)).toEqual(messages.map((_, i) => (i % 2 === 0 ? 'user' : 'assistant')));
  });

  it('is closed as interrupted where its conversation is lost', async () => {
    const repo = tinyRepository([hanging(), sprintTo('second', 0.7)]);
    const loop = startCommand(repo, 'loop', '--sandbox', 'off');
    await eventOf(repo, 'run.started');
    loop.child.kill('SIGKILL');
    await loop.ended;
    rmSync(join(repo, 'state/transcripts'), { recursive: true });
    await loopIn(repo);
    expect(outcomes(repo)).toEqual(['interrupted', 'new-best']);
    const [cutOff] = readSprints(sprintsDir(repo));
    expect(cutOff).toMatchObject({ runs: [{ status: 'killed' }], change: { kept: false } });
    expect(readFileSync(join(sprintsDir(repo), cutOff.id, 'change.patch'), 'utf8')).toContain('+{"f1":0.9');
  });

  it('is judged where its conversation is lost after a full run that had finished', async () => {
    const repo = tinyRepository([
      [start('counted'), write(0.9), train(), wait, train('slow'), wait, finish()],
    ]);
    const loop = startCommand(repo, 'loop', '--sandbox', 'off');
    const { run } = await eventOf(repo, 'run.finished');
    await eventOf(repo, 'run.started', (e) => e.experiment === 'slow');
    loop.child.kill('SIGKILL');
    await loop.ended;
    rmSync(join(repo, 'state/transcripts'), { recursive: true });
    await loopIn(repo, { maxSprints: 1 });
    const [sprint] = readSprints(sprintsDir(repo));
    expect(sprint).toMatchObject({ outcome: 'new-best', candidate: run, change: { kept: true } });
    expect(sprint.reason).toContain('the loop chose the candidate, not the researcher: the loop was cut off');
    expect(readFileSync(join(worktreeOf(repo), 'work/number.json'), 'utf8')).toContain('0.9');
  });

  it('drops a sprint that was never claimed and keeps its changes as a patch', async () => {
    const repo = tinyRepository([
      [write(0.9), call('bash', { command: 'sleep 100' })],
      sprintTo('second', 0.7),
    ]);
    const loop = startCommand(repo, 'loop', '--sandbox', 'off');
    await eventOf(repo, 'tool.finished');
    while (!commandsIn(repo).includes('sleep 100')) await sleep(25);
    loop.child.kill('SIGKILL');
    await loop.ended;
    // As after a crash between the folder and the event of a claim.
    mkdirSync(join(sprintsDir(repo), 'claimed'), { recursive: true });
    writeFileSync(join(sprintsDir(repo), 'claimed/README.md'), '# Claimed\n');
    expect(commandsIn(repo)).toEqual(['sleep 100']);
    const again = startCommand(repo, 'loop', '--sandbox', 'off');
    const { seq } = await eventOf(repo, 'sprint.dropped');
    expect(commandsIn(repo)).toEqual([]);
    await eventOf(repo, 'sprint.opened', (e) => e.seq > seq);
    again.child.kill('SIGKILL');
    await again.ended;
    expect(readFileSync(join(repo, 'state/unclaimed-sprint-1.patch'), 'utf8')).toContain('+{"f1":0.9');
    expect(existsSync(join(sprintsDir(repo), 'claimed'))).toBe(false);
    expect(ledgerOfCommits(repo)).toEqual(['']);
    const opened = readEvents(eventsPath(repo)).filter((e) => e.type === 'sprint.opened');
    expect(opened.map((e) => e.treeBefore)).toEqual([opened[0].treeBefore, opened[0].treeBefore]);
  });

  it('commits a sprint that was closed but not committed, once', async () => {
    const repo = tinyRepository([sprintTo('first', 0.6), sprintTo('second', 0.7)]);
    await loopIn(repo, { maxSprints: 1 });
    // As after a crash between sprint.json and the commit.
    cutLogBefore(repo, 'sprint.closed');
    uncommit(repo);
    await loopIn(repo);
    expect(outcomes(repo)).toEqual(['new-best', 'new-best']);
    expect(ledgerOfCommits(repo)).toEqual([
      'Sprint 1: Try first (new-best)',
      'Sprint 2: Try second (new-best)',
    ]);
  });
});

it('does not commit a sprint again when only the event of its commit is missing', async () => {
  const repo = tinyRepository([sprintTo('first', 0.6)]);
  await loopIn(repo, { maxSprints: 1 });
  cutLogBefore(repo, 'sprint.committed');
  const { events } = await loopIn(repo);
  expect(events.filter((e) => e.type === 'sprint.committed')).toHaveLength(1);
  expect(ledgerOfCommits(repo)).toEqual(['Sprint 1: Try first (new-best)']);
});

describe('a loop that is asked to stop', () => {
  it('ends at once on the second, and is taken up later', async () => {
    const repo = tinyRepository([
      [start('busy'), call('bash', { command: 'sleep 100' }), finish({ candidate: null })],
      sprintTo('second', 0.7),
    ]);
    const loop = startCommand(repo, 'loop', '--sandbox', 'off');
    while (!commandsIn(repo).includes('sleep 100')) await sleep(25);
    loop.child.kill('SIGINT');
    await eventOf(repo, 'loop.notice', ({ text }) => text.startsWith('stopping'));
    await sleep(ONE_REQUEST_MS);
    loop.child.kill('SIGINT');
    expect(await loop.ended).toBe(130);
    expect(
      readEvents(eventsPath(repo)).flatMap((e) =>
        e.type === 'loop.notice' && e.text.startsWith('stopping') ? [e.text.split(' ', 3).join(' ')] : [],
      ),
    ).toEqual(['stopping after this', 'stopping at once;']);
    expect(loop.said()).toMatch(/^Open: +sprint 1: Try busy/m);
    expect(outcomes(repo)).toEqual([]);
    await loopIn(repo);
    expect(outcomes(repo)).toEqual(['failed', 'new-best']);
  });

  it('stops after the sprint for a file STOP, which it removes', async () => {
    const repo = tinyRepository([sprintTo('first', 0.6), sprintTo('second', 0.7)]);
    const { code, events } = await loopIn(repo, {}, () => (event) => {
      if (event.type === 'sprint.closed') writeFileSync(join(repo, 'STOP'), '');
    });
    expect(code).toBe(0);
    expect(events.at(-1)).toMatchObject({ reason: 'the file STOP' });
    expect(outcomes(repo)).toEqual(['new-best']);
    expect(git(worktreeOf(repo), 'status', '--porcelain')).toBe('');
  });

  it('takes away a STOP that was left for an earlier loop, and leaves none itself', async () => {
    const repo = tinyRepository([sprintTo('first', 0.6)]);
    const file = join(repo, 'STOP');
    writeFileSync(file, '');
    utimesSync(file, 1, 1);
    const { events } = await loopIn(repo, {}, () => (event) => {
      if (event.type === 'loop.stopped') writeFileSync(file, '');
    });
    expect(events.find((e) => e.type === 'loop.notice')?.text).toContain('is older than this loop');
    expect(outcomes(repo)).toEqual(['new-best']);
    expect(existsSync(file)).toBe(false);
  });
});
