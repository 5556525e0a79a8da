import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { type ChildOptions, collect, startChild } from './child.ts';
import { cleanEnv } from './env.ts';
import { openDescriptors } from './fixtures/descriptors.ts';
import { killGroup } from './groups.ts';
import { endOrphans, markedWith } from './marks.ts';
import { memoryOf } from './memory.ts';
import { isAlive, processStart } from './processes.ts';

const folder = mkdtempSync(join(tmpdir(), 'child-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = (name: string) => join(folder, name);
const sh = (script: string, more: Partial<ChildOptions> = {}) =>
  startChild({ argv: ['bash', '-c', script], cwd: folder, env: cleanEnv(), ...more });

/** Waits for the pid that a script writes to a file. */
async function pidIn(name: string): Promise<number> {
  const written = () => Number(readFileSync(path(name), 'utf8'));
  await expect.poll(written, { message: `a pid in ${name}` }).toBeGreaterThan(0);
  return written();
}

const alive = (pid: number) => isAlive(pid, processStart(pid));
const gone = (pid: number) => expect.poll(() => alive(pid), { message: `process ${pid} lives` }).toBe(false);

describe('a child', () => {
  it('tells how it ended', async () => {
    expect(await sh('exit 3').done).toMatchObject({
      code: 3,
      signal: null,
      timedOut: false,
      stopped: null,
      outOfMemory: false,
    });
    expect(await sh('kill -9 $$').done).toMatchObject({ code: null, signal: 'SIGKILL', outOfMemory: true });
    expect(await sh('exit 137').done).toMatchObject({ outOfMemory: true });
  });

  it('knows nothing of our environment but what it was given', async () => {
    process.env.SOME_API_KEY = 'secret';
    const child = sh('env', { stdio: { stdout: 'pipe' } });
    const text = await collect(child.stdout!, child.done);
    delete process.env.SOME_API_KEY;
    expect(text).toContain('PATH=');
    expect(text).not.toContain('secret');
  });

  it('takes along what left its group for a session of its own, and goes on forking', async () => {
    const script = `setsid bash -c 'echo $$ > escaped.pid; on() { sleep 0.05; on & }; on; exec sleep 600' & echo $! ; until [ -s escaped.pid ]; do sleep 0.05; done`;
    const child = sh(script);
    const other = sh('exec sleep 600');
    await child.done;
    const escaped = await pidIn('escaped.pid');
    expect([alive(escaped), markedWith(child.mark)]).toEqual([false, []]);
    // The other child carries another mark, so it still runs.
    expect(alive(other.pid)).toBe(true);
    await other.stop('done', 0);
  });

  it('counts the memory of what left it', async () => {
    const hold = 'const all = Buffer.alloc(100 << 20, 1); setInterval(() => all, 1000)';
    // The parent of the process has ended, so only its mark leads to it.
    const child = sh(`(setsid ${process.execPath} -e ${JSON.stringify(hold)} &); exec sleep 600`);
    while (memoryOf(child.pid, child.mark) < 100 << 20) await sleep(20);
    await child.stop('enough', 0);
    expect(markedWith(child.mark)).toEqual([]);
  });

  it('is not waited for by a grandchild that holds its output, and takes its group with it', async () => {
    const child = sh('sleep 600 & echo $! > held.pid; echo said', {
      log: { path: path('held.log'), maxBytes: 1000 },
    });
    await child.done;
    expect(readFileSync(path('held.log'), 'utf8')).toBe('said\n');
    await gone(await pidIn('held.pid'));
  });

  it('has ended with its whole group', async () => {
    const child = sh('for i in $(seq 40); do sleep 60 > /dev/null 2>&1 & echo $!; done', {
      stdio: { stdout: 'pipe' },
    });
    const pids = (await collect(child.stdout!, child.done)).trim().split('\n').map(Number);
    await child.done;
    expect(pids).toHaveLength(40);
    expect(pids.filter(alive)).toEqual([]);
  });

  it('gives way to all others in the background, as a process and as a session', async () => {
    // Its session gives way once it has started.
    const script =
      'until [ -e begun ]; do sleep 0.02; done; echo $(nice) $(grep -o "nice .*" /proc/self/autogroup)';
    const of = async (background: boolean): Promise<string[]> => {
      rmSync(path('begun'), { force: true });
      const child = sh(script, { background, stdio: { stdout: 'pipe' } });
      writeFileSync(path('begun'), '');
      const said = await collect(child.stdout as NonNullable<typeof child.stdout>, child.done);
      return said.trim().split(/\s+(?:nice )?/);
    };
    const [own, session] = await of(false);
    const groups = session !== undefined;
    expect(await of(true)).toEqual(groups ? ['19', '19'] : ['19']);
    expect(own).not.toBe('19');
    expect(session).not.toBe('19');
  });

  it('is stopped by a signal that aborts, or has before it started', async () => {
    const before = AbortSignal.abort();
    expect(await sh('sleep 60', { until: { signal: before, reason: 'too late' } }).done).toMatchObject({
      stopped: 'too late',
    });
    const later = new AbortController();
    const child = sh('sleep 60', { until: { signal: later.signal, reason: 'enough' } });
    later.abort();
    expect(await child.done).toMatchObject({ stopped: 'enough' });
  });

  it('does not delay the end when a grandchild escapes the group with its output', async () => {
    const child = sh('setsid sleep 600 & sleep 0.3; echo said', { stdio: { stdout: 'pipe' } });
    expect(await collect(child.stdout!, child.done)).toBe('said\n');
  });

  it('give what they wrote while we were busy, until after the time for it', async () => {
    const child = sh('sleep 0.2; echo late; touch wrote; sleep 60', { stdio: { stdout: 'pipe' } });
    // As where a process that left the group holds the stream, and its child has ended.
    const said = collect(child.stdout!, Promise.resolve({} as Awaited<typeof child.done>));
    // After what is done here, timers come before input.
    await new Promise((next) => setImmediate(next));
    // Until it has written, and for longer than is waited for that.
    for (const busy = performance.now() + 800; performance.now() < busy || !existsSync(path('wrote')); );
    expect(await said).toBe('late\n');
    await child.stop('seen', 0);
  });

  it('is ended with everything it started when its time is over, even where SIGTERM is ignored', async () => {
    const script = `trap '' TERM; bash -c "trap '' TERM; echo \\$\\$ > deaf.pid; sleep 60; sleep 60" & sleep 60; sleep 60`;
    const started = () => existsSync(path('deaf.pid'));
    // Under load its time may be over before it ignores anything: then it gets more.
    for (let timeoutSeconds = 0.3; !started(); timeoutSeconds *= 2) {
      const exit = await sh(script, { timeoutSeconds, graceSeconds: 0.3 }).done;
      if (!started()) continue;
      expect(exit).toMatchObject({ timedOut: true, signal: 'SIGKILL', outOfMemory: false });
      expect(exit.seconds).toBeGreaterThan(timeoutSeconds + 0.2);
    }
    await gone(await pidIn('deaf.pid'));
  });

  it('may end in its own way when it is stopped', async () => {
    const child = sh('trap "echo saved; exit 0" TERM; echo ready; while :; do sleep 0.05; done', {
      log: { path: path('stop.log'), maxBytes: 1000 },
    });
    while (child.log?.lastLines(1)[0] !== 'ready') await sleep(10);
    expect(await child.stop('the user asked')).toMatchObject({ code: 0, stopped: 'the user asked' });
    expect(readFileSync(path('stop.log'), 'utf8')).toMatch(/^ready\n(Terminated\n)?saved\n$/);
    expect(await child.stop('again')).toMatchObject({ stopped: 'the user asked' });
  });

  it('keeps head and tail of a flooded log, and stays within its limit', async () => {
    const child = sh('echo first; head -c 20000000 /dev/zero | tr "\\0" x; echo; echo last >&2', {
      log: { path: path('flood.log'), maxBytes: 10_000 },
    });
    await child.done;
    const text = readFileSync(path('flood.log'), 'utf8');
    expect(text.startsWith('first\nxxx')).toBe(true);
    expect(text.endsWith('x\nlast\n')).toBe(true);
    expect(text).toMatch(/\n\.\.\. 199\d{5} bytes of this log are left out \.\.\.\n/);
    expect(statSync(path('flood.log')).size).toBeLessThan(10_200);
    expect(child.log?.lastLines(1)).toEqual(['last']);
  });

  it('inherits the descriptors it is given and no other', async () => {
    writeFileSync(path('data'), 'through the door');
    const ours = openSync(path('data'), 'r');
    const child = sh('cat <&5; ls -l /proc/self/fd | grep -c data', {
      fds: { 5: ours },
      stdio: { stdout: 'pipe' },
    });
    closeSync(ours);
    expect(await collect(child.stdout!, child.done)).toBe('through the door1\n');
  });

  it('that cannot be started is one clear line', () => {
    expect(() => startChild({ argv: ['no-such-program'], cwd: folder, env: cleanEnv() })).toThrow(
      /no such program/,
    );
    expect(sh(`# ${'x'.repeat(131_000)}`).pid).toBeGreaterThan(0);
    expect(() => sh(`# ${'x'.repeat(200_000)}`)).toThrow(/has 201 kB, and the limit of the system is 131 kB/);
    expect(() => startChild({ argv: ['true'], cwd: path('nowhere'), env: cleanEnv() })).toThrow(
      /does not exist/,
    );
  });

  it('is not started where its log cannot be written', async () => {
    writeFileSync(path('a file'), '');
    const log = { path: join(path('a file'), 'log'), maxBytes: 100 };
    expect(() => sh('touch started', { log })).toThrow(/ENOTDIR|EEXIST/);
    await sleep(300);
    expect(readdirSync(folder)).not.toContain('started');
  });

  it('leaves no descriptor open here', async () => {
    const before = openDescriptors(folder);
    for (let i = 0; i < 5; i++) await sh('echo x', { log: { path: path('leak.log'), maxBytes: 100 } }).done;
    await expect.poll(() => openDescriptors(folder).filter((at) => !before.includes(at))).toEqual([]);
  });

  it('does not outlive us when we leave without a word', async () => {
    const script = `import { startChild } from ${JSON.stringify(join(import.meta.dirname, 'child.ts'))};
      const child = startChild({ argv: ['sleep', '60'], cwd: '/', env: {} });
      console.log(child.pid);
      process.exit(0);`;
    const parent = startChild({
      argv: [process.execPath, '--import', 'tsx', '--input-type=module', '-e', script],
      cwd: import.meta.dirname,
      env: cleanEnv(),
      stdio: { stdout: 'pipe' },
    });
    const pid = Number(await collect(parent.stdout!, parent.done));
    expect(pid).toBeGreaterThan(1);
    await gone(pid);
  });
});

describe('what a dead supervisor left', () => {
  it('is told from a process that took over its pid', async () => {
    const child = sh('sleep 60');
    expect(isAlive(child.pid, child.processStart)).toBe(true);
    expect(isAlive(child.pid, '1')).toBe(false);
    expect(await killGroup(child.pid, '1')).toBe(false);
    expect(await killGroup(child.pid, null)).toBe(false);
    expect(isAlive(child.pid, child.processStart)).toBe(true);
    expect(await killGroup(child.pid, child.processStart)).toBe(true);
    expect((await child.done).signal).toBe('SIGTERM');
    expect(isAlive(child.pid, child.processStart)).toBe(false);
  });

  it('is found by its mark, wherever it went, and nobody else’s is', async () => {
    const mine = join(realpathSync(folder), 'mine');
    mkdirSync(mine);
    const program = `
      import { existsSync } from 'node:fs';
      import { startChild } from ${JSON.stringify(join(import.meta.dirname, 'child.ts'))};
      const env = { PATH: process.env.PATH };
      const left = 'cd /; setsid bash -c "echo \\$\\$ > ' + process.argv[1] + '; exec sleep 60" & wait';
      startChild({ argv: ['bash', '-c', left], cwd: '/', env });
      startChild({ argv: ['sleep', '60'], cwd: '/', env });
      startChild({ argv: ['bash', '-c', 'on() { sleep 0.1; on & }; on'], cwd: '/', env });
      setInterval(() => existsSync(process.argv[1]) && process.kill(process.pid, 'SIGKILL'), 10);`;
    const argv = [
      process.execPath,
      '--import',
      import.meta.resolve('tsx'),
      '--input-type=module',
      '-e',
      program,
    ];
    const killed = startChild({ argv: [...argv, path('left.pid')], cwd: mine, env: cleanEnv() });
    expect((await killed.done).signal).toBe('SIGKILL');
    const left = await pidIn('left.pid');
    // Marks of another folder, another namespace or a living owner: these processes stay.
    const others = [`1 1 pid:[1] ${mine}`, `${process.pid} ${processStart(process.pid)} x ${mine}`].map(
      (mark) => sh(`exec env LOOP_CHILD="${mark}" sleep 60`),
    );
    const ours = sh('sleep 60');
    expect(await endOrphans(join(mine, 'not'))).toBe(0);
    expect(await endOrphans(mine)).toBeGreaterThan(3);
    // The process is gone at once: the code that follows assumes that nothing runs any more.
    expect(alive(left)).toBe(false);
    expect(await endOrphans(mine)).toBe(0);
    expect([...others, ours].every(({ pid }) => alive(pid))).toBe(true);
    await Promise.all([...others, ours].map((child) => child.stop('done', 0)));
  });

  it('is ended with its group, with or without its leader, and a stranger is not', async () => {
    // A supervisor that is killed cannot clean up: its child's group stays.
    for (const mark of [true, false]) {
      const script =
        'trap "" TERM; bash -c \'trap "" TERM; echo $$ > orphan.pid; sleep 60; sleep 60\' & kill -9 $$';
      rmSync(path('orphan.pid'), { force: true });
      const supervisor = sh(
        `${mark ? '' : 'unset LOOP_CHILD;'} setsid bash -c ${JSON.stringify(script).replaceAll('$', '\\$')} & echo $!; sleep 60; :`,
        {
          stdio: { stdout: 'pipe' },
        },
      );
      const leader = await new Promise<number>((got) =>
        supervisor.stdout!.once('data', (d) => got(Number(d))),
      );
      const orphan = await pidIn('orphan.pid');
      while (processStart(leader)) await sleep(10);
      expect(await killGroup(leader, '123', 0.1), `marked: ${mark}`).toBe(mark);
      if (mark) await gone(orphan);
      else {
        expect(alive(orphan)).toBe(true);
        process.kill(orphan, 'SIGKILL');
      }
      await supervisor.stop('done', 0);
    }
  });
});
