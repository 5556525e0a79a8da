import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isAlive } from '#host/processes';
import { eventsPath, sprintsDir } from '../common/paths.ts';
import { eventOf, startCommand, startedRun, tinyRepository } from '../fixtures/loop.ts';
import { emptyFolder, git } from '../fixtures/repo.ts';
import { finish, sprintTo, start, train, wait } from '../fixtures/scripted.ts';
import { readEvents } from '../journal/events.ts';
import { readSprints } from '../ledger/ledger.ts';

async function run(
  repo: string,
  name: 'status' | 'hint' | 'stop' | 'pause' | 'resume' | 'loop',
  ...args: string[]
) {
  const started = startCommand(repo, name, ...args);
  return { code: await started.ended, said: started.said() };
}

describe('steering a loop from outside', () => {
  it('shows the status, passes a hint, and stops the loop in the middle of a run', async () => {
    const repo = tinyRepository([[start('long'), train('slow'), wait, finish({ candidate: null })]]);
    expect((await run(repo, 'status')).said).toContain('No loop was started');
    expect(await run(repo, 'stop')).toEqual({ code: 2, said: 'error: no loop runs in this checkout\n' });
    const loop = startCommand(repo, 'loop');
    await eventOf(repo, 'run.started');
    const status = JSON.parse((await run(repo, 'status', '--json')).said);
    expect(status).toMatchObject({
      loop: 'running',
      sprint: { title: 'Try long' },
      runs: [{ experiment: 'slow' }],
    });
    const hint = await run(repo, 'hint', 'Try', 'sorting.');
    expect([hint.code, hint.said]).toEqual([
      0,
      'Added to HINTS.md. But the offline replay walks a fixed path and cannot follow it; a night with Claude can.\n',
    ]);
    expect((await run(repo, 'stop')).code).toBe(0);
    expect(await loop.ended).toBe(0);
    expect(await eventOf(repo, 'hint.given')).toMatchObject({ text: '- Try sorting.' });
    expect(readFileSync(join(repo, 'HINTS.md'), 'utf8')).toBe('- Try sorting.\n');
    // The run is kept, and the sprint stays open.
    expect(readSprints(sprintsDir(repo))).toEqual([]);
    expect(loop.said()).toMatch(/^Open: +sprint 1: Try long; the next start continues it/m);
    expect(loop.said()).toContain('cannot follow it\n');
    expect(loop.said()).toMatch(/^Hints: +1 read by the offline replay alone, .*--list$/m);
    const listed = await run(repo, 'hint', '--list');
    expect(listed.said).toMatch(
      /^[0-9a-f]{6} {2}Try sorting\.\n {8}read in sprint 1 by the offline replay, /m,
    );
    expect((await run(repo, 'status')).said).toContain('Loop: stopped: the file STOP (exit code 0, ');
    expect(existsSync(join(repo, 'STOP'))).toBe(false);
  });

  it('pauses a loop, over a kill and a restart, and lets it go on', async () => {
    const repo = tinyRepository([[start('long'), train('forks'), wait, wait, finish({ candidate: null })]]);
    expect((await run(repo, 'pause')).code).toBe(2);
    const first = startCommand(repo, 'loop', '--sandbox', 'off');
    const turns = () => readEvents(eventsPath(repo)).filter((e) => e.type === 'turn.finished').length;
    await startedRun(repo);
    // The third waits for the run: a pause would hold a call that is not made yet.
    await eventOf(repo, 'turn.finished', () => turns() === 3);
    expect((await run(repo, 'pause')).said).toContain('The time limits continue to count');
    first.child.kill('SIGKILL');
    await first.ended;
    const second = startCommand(repo, 'loop', '--max-sprints', '1', '--sandbox', 'off');
    await eventOf(repo, 'loop.paused');
    expect((await run(repo, 'status')).said).toMatch(/^Paused since .*npm run resume/m);
    await expect.poll(second.said).toContain('paused: no call and no run');
    const before = turns();
    expect((await run(repo, 'resume')).said).toBe('The loop continues.\n');
    expect(await second.ended).toBe(0);
    expect([before, turns()]).toEqual([3, 5]);
    expect(readSprints(sprintsDir(repo)).map((s) => s.outcome)).toEqual(['no-gain']);
    expect((await run(repo, 'resume')).code).toBe(2);
  });

  it('stops at once with --now; the next start goes on with the open sprint', async () => {
    const repo = tinyRepository([[start('long'), train('forks'), wait, wait, finish({ candidate: null })]]);
    const loop = startCommand(repo, 'loop', '--sandbox', 'off');
    const { processes } = await startedRun(repo);
    expect((await run(repo, 'stop', '--now')).code).toBe(0);
    expect(await loop.ended).toBe(130);
    expect(processes.filter(({ pid, start }) => isAlive(pid, start))).toEqual([]);
    expect(readSprints(sprintsDir(repo))).toEqual([]);
    expect((await run(repo, 'loop', '--max-sprints', '1', '--sandbox', 'off')).code).toBe(0);
    const sprints = readSprints(sprintsDir(repo));
    expect(sprints.map((s) => [s.title, s.outcome, s.runs.map((r) => r.status)])).toEqual([
      ['Try long', 'no-gain', ['finished']],
    ]);
  });

  it.each([
    { flag: '--train-hours', told: false },
    { flag: '--gpu-hours', told: true },
  ])('shows what it would do with --dry and changes nothing in git: $flag', async ({ flag, told }) => {
    const repo = tinyRepository([sprintTo('first', 0.6)]);
    const refs = git(repo, 'for-each-ref');
    const { code, said } = await run(repo, 'loop', '--dry', flag, '0.01');
    expect(code).toBe(0);
    for (const part of [
      'offline replay, no model',
      'samples <=1000',
      `${repo}/TASK.md`,
      /branch +run\/[\d-]+, new: from main, with work\/ as it is/,
      '1000 samples/s',
      'full         1.0 s a run, judging not measured yet; the time allows 36 of them',
    ]) {
      expect(said).toMatch(part);
    }
    expect(said.includes('--gpu-hours is now called --train-hours')).toBe(told);
    expect(git(repo, 'for-each-ref')).toBe(refs);
    expect(git(repo, 'status', '--porcelain')).toBe('');
  });

  it('warns of hints that are not read any more', async () => {
    const repo = tinyRepository();
    expect((await run(repo, 'hint', 'x'.repeat(20_000))).said).toContain('only its end is read');
  });

  it('answers bad input with one line and exit code 2', async () => {
    const empty = emptyFolder();
    for (const [name, ...args] of [
      ['loop', '--bogus'],
      ['loop', '--target', 'f1'],
      ['loop', '--target', 'f1=1e999'],
      ['loop', '--max-usd', '1e999'],
      ['loop'],
      ['hint'],
    ] as const) {
      const { code, said } = await run(empty, name, ...args);
      expect([code, said.trim().split('\n').length], `${name} ${args.join(' ')}: ${said}`).toEqual([2, 1]);
      // It is the value that is refused, not the folder.
      if (args.length > 1) expect(said).toContain('It must be');
    }
  });
});
