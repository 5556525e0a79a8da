import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { processStart } from '#host/processes';
import { emptyFolder } from './fixtures/repo.ts';
import { lockHolder, lockPath, refuseSecond, takeLock } from './lock.ts';

const holder = (pid: number, start: string | null, host = hostname()) =>
  JSON.stringify({ pid, start, host, since: '2026-01-01T00:00:00.000Z' });

it('is held once, and free again after its release', () => {
  const dir = emptyFolder();
  const release = takeLock(dir);
  expect(lockHolder(dir)).toEqual({ pid: process.pid, alive: true });
  expect(() => takeLock(dir)).toThrow(`another loop runs in this checkout: process ${process.pid}`);
  release();
  expect(lockHolder(dir)).toBeNull();
  refuseSecond(lockPath(dir));
  takeLock(dir)();
  expect(readdirSync(dir)).toEqual([]);
});

it('is taken over from a process that is gone, also where its pid is in use again, or the file is damaged', () => {
  for (const stale of [holder(2 ** 22 + 1, '1'), holder(process.ppid, '1'), '{"pid":']) {
    const dir = emptyFolder();
    writeFileSync(join(dir, 'lock.json'), stale);
    const release = takeLock(dir);
    expect(lockHolder(dir)?.pid).toBe(process.pid);
    release();
    expect(existsSync(join(dir, 'lock.json'))).toBe(false);
  }
});

it('is not taken from a process that lives, or from another machine', () => {
  for (const [pid, start, host] of [
    [process.ppid, processStart(process.ppid), hostname()],
    [1, '1', 'another-machine'],
  ] as const) {
    const dir = emptyFolder();
    writeFileSync(join(dir, 'lock.json'), holder(pid, start, host));
    const remedy = host === hostname() ? /another clone$/ : /if that machine is gone, remove .*lock\.json$/;
    expect(() => takeLock(dir)).toThrow(`process ${pid} on ${host}, since 2026-01-01T00:00:00.000Z`);
    expect(() => takeLock(dir)).toThrow(remedy);
    expect(() => refuseSecond(lockPath(dir))).toThrow(remedy);
  }
});
