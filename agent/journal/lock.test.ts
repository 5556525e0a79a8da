import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { bootId, namespace, processStart } from '#host/processes';
import { emptyFolder } from '../fixtures/repo.ts';
import { lockHolder, lockPath, refuseSecond, takeLock } from './lock.ts';

const GONE = 2 ** 22 + 1;
const old = (pid: number, start: string | null, host = hostname()) => ({
  ...{ pid, start, host, since: '2026-01-01T00:00:00.000Z' },
});
const here = { boot: bootId(), namespace: namespace() };
const elsewhere = { boot: 'another-boot', namespace: 'pid:[1]' };
const heartbeat = { everyMs: 20, goneMs: 600 };
/** For a loop that lives: under load its next heartbeat may be late. */
const patient = { everyMs: 20, goneMs: 3_600_000 };

function folderWith(holder: object | string): string {
  const dir = emptyFolder();
  writeFileSync(lockPath(dir), typeof holder === 'string' ? holder : JSON.stringify(holder));
  return dir;
}

it('is held once, and free again after its release', async () => {
  const dir = emptyFolder();
  const release = await takeLock(dir);
  expect(lockHolder(dir)).toEqual({ pid: process.pid, alive: true });
  await expect(takeLock(dir)).rejects.toThrow(`another loop runs in this checkout: process ${process.pid}`);
  release();
  expect(lockHolder(dir)).toBeNull();
  await refuseSecond(lockPath(dir));
  (await takeLock(dir))();
  expect(readdirSync(dir)).toEqual([]);
});

it('is taken over from a process that is gone, also where its pid is in use again, or the file is damaged', async () => {
  // The machine was renamed since.
  const renamed = { ...old(GONE, '1', 'its-name-before'), ...here };
  for (const stale of [old(GONE, '1'), old(process.ppid, '1'), renamed, '{"pid":']) {
    const dir = folderWith(stale);
    const release = await takeLock(dir);
    expect(lockHolder(dir)?.pid).toBe(process.pid);
    release();
    expect(existsSync(lockPath(dir))).toBe(false);
  }
});

it('is not taken from a process that lives, whatever its machine is called now', async () => {
  const alive = [process.ppid, processStart(process.ppid)] as const;
  for (const holder of [old(...alive), { ...old(...alive, 'its-name-before'), ...here }]) {
    const dir = folderWith(holder);
    expect(lockHolder(dir)?.alive).toBe(true);
    await expect(takeLock(dir, { takeOver: true })).rejects.toThrow(
      `process ${process.ppid} on ${holder.host}, since 2026-01-01T00:00:00.000Z`,
    );
    await expect(refuseSecond(lockPath(dir))).rejects.toThrow(/another clone$/);
  }
});

describe('where the pid of a lock tells nothing', () => {
  const timers: NodeJS.Timeout[] = [];
  afterEach(() => {
    for (const timer of timers.splice(0)) clearInterval(timer);
  });
  /** A loop on another machine that lives and touches its lock. */
  const beating = (dir: string) =>
    timers.push(setInterval(() => utimesSync(lockPath(dir), new Date(), new Date()), 20));

  it.each([
    // Its pid is that of a process that is alive here, but it means nothing after a restart.
    ['the same machine after a restart', { ...old(process.pid, '1'), ...elsewhere }, false],
    [
      'a container that was made anew on the same machine',
      { ...old(1, '1', 'container-1'), ...elsewhere, boot: bootId() },
      false,
    ],
    ['another machine, with --take-over', { ...old(1, '1', 'another'), ...elsewhere }, true],
    ['another machine, by a lock of an earlier version', old(1, '1', 'another'), true],
  ])('it is taken once its heartbeat has stopped: %s', async (_, holder, takeOver) => {
    const dir = folderWith(holder);
    const said: string[] = [];
    const taking = { takeOver, heartbeat, onWait: (text: string) => said.push(text) };
    beating(dir);
    await expect(takeLock(dir, { ...taking, heartbeat: patient })).rejects.toThrow(
      `process ${holder.pid} on ${holder.host}`,
    );
    expect(said).toHaveLength(1);
    for (const timer of timers.splice(0)) clearInterval(timer);
    (await takeLock(dir, taking))();
    expect(said).toHaveLength(2);
    // Even after a heartbeat that stopped long ago, the lock of another machine needs a short wait, because
    // its clock may differ from ours.
    const stopped = folderWith(holder);
    utimesSync(lockPath(stopped), 1, 1);
    (await takeLock(stopped, taking))();
    expect(said).toHaveLength(takeOver ? 3 : 2);
  });

  it('it is not taken from another machine that nobody gave up', async () => {
    const dir = folderWith({ ...old(1, '1', 'another'), ...elsewhere });
    utimesSync(lockPath(dir), 1, 1);
    await expect(takeLock(dir, { heartbeat })).rejects.toThrow(/start with --take-over, .*lock\.json\)$/);
    expect(readFileSync(lockPath(dir), 'utf8')).toContain('another');
  });

  it.each([{ pid: 2 }, { start: '2' }, { since: '2026-01-02T00:00:00.000Z' }])(
    'one that another has taken meanwhile is not taken away: %j',
    async (change) => {
      const holder = { ...old(1, '1', 'another'), ...elsewhere };
      const dir = folderWith(holder);
      // Both locks get the same file time, in whole seconds so that it is read back unchanged. The heartbeat
      // then does not reveal the second lock.
      const beat = Math.floor(Date.now() / 1000);
      utimesSync(lockPath(dir), beat, beat);
      let waits = 0;
      const onWait = () => {
        if (++waits > 1) return;
        writeFileSync(lockPath(dir), JSON.stringify({ ...holder, ...change }));
        utimesSync(lockPath(dir), beat, beat);
      };
      (await takeLock(dir, { takeOver: true, heartbeat, onWait }))();
      expect(waits).toBe(2);
    },
  );

  it('one that is released meanwhile is free', async () => {
    const dir = folderWith({ ...old(1, '1', 'another'), ...elsewhere });
    const onWait = () => rmSync(lockPath(dir));
    (await takeLock(dir, { takeOver: true, heartbeat, onWait }))();
  });

  it('a clock that is ahead makes the wait no longer', async () => {
    const dir = folderWith({ ...old(1, '1', 'another'), ...elsewhere });
    const ahead = Date.now() / 1000 + 3600;
    utimesSync(lockPath(dir), ahead, ahead);
    (await takeLock(dir, { takeOver: true, heartbeat }))();
  });

  it('a sign of life ends the wait', async () => {
    const dir = folderWith({ ...old(1, '1', 'another'), ...elsewhere });
    beating(dir);
    await expect(takeLock(dir, { takeOver: true, heartbeat: patient })).rejects.toThrow('another loop runs');
  });

  it('the status goes by its heartbeat', () => {
    const dir = folderWith({ ...old(process.pid, '1'), ...elsewhere });
    expect(lockHolder(dir)).toEqual({ pid: process.pid, alive: true });
    utimesSync(lockPath(dir), 1, 1);
    expect(lockHolder(dir)).toEqual({ pid: process.pid, alive: false });
  });
});

it('where a kernel does not say its boot, the name of the machine tells whether the pid counts', async () => {
  const unnamed = { boot: null, namespace: 'unknown' };
  const onWait = (text: string) => expect.fail(text);
  (await takeLock(folderWith({ ...old(GONE, '1'), ...unnamed }), { onWait }))();
  const lives = { ...old(process.ppid, processStart(process.ppid)), ...unnamed };
  await expect(takeLock(folderWith(lives), { onWait })).rejects.toThrow(/another clone$/);
});

it('pid and start of another boot are nobody’s, though both are in use here', async () => {
  const holder = old(process.ppid, processStart(process.ppid));
  const dir = folderWith({ ...holder, boot: 'another-boot', namespace: namespace() });
  utimesSync(lockPath(dir), 1, 1);
  (await takeLock(dir, { heartbeat }))();
});

it('its release takes away no lock but its own, and touches none', async () => {
  for (const other of [{ pid: process.ppid }, { start: '1' }]) {
    const dir = emptyFolder();
    const path = lockPath(dir);
    const release = await takeLock(dir, { heartbeat });
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...other }));
    release();
    utimesSync(path, 1, 1);
    await sleep(10 * heartbeat.everyMs);
    expect(statSync(path).mtimeMs).toBe(1000);
  }
});

it('shows that its holder lives, until it is released, and bears that it is taken away', async () => {
  const dir = emptyFolder();
  const path = lockPath(dir);
  const release = await takeLock(dir, { heartbeat });
  utimesSync(path, 1, 1);
  await expect.poll(() => statSync(path).mtimeMs).toBeGreaterThan(2000);
  rmSync(path);
  await sleep(10 * heartbeat.everyMs);
  release();
  expect(existsSync(path)).toBe(false);
});
