import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { claimed, removeStale } from './claim.ts';

const root = mkdtempSync(join(tmpdir(), 'claim-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const path = join(root, 'file');
const lock = `${path}.lock`;
const ended = spawnSync('true').pid;

it('holds a lock that names this process while the work lasts, also where the work fails', async () => {
  expect(await claimed(path, async () => readFileSync(lock, 'utf8'))).toBe(String(process.pid));
  const work = claimed(path, async () => {
    throw new Error('no disk');
  });
  await expect(work).rejects.toThrow('no disk');
  expect(readdirSync(root)).toEqual([]);
});

it('refuses while another process holds it', async () => {
  writeFileSync(lock, String(process.ppid));
  await expect(claimed(path, async () => {})).rejects.toThrow(
    `process ${process.ppid} is downloading it; wait until it has ended`,
  );
  expect(readdirSync(root)).toEqual(['file.lock']);
});

it('takes over the lock of a process that has ended', async () => {
  writeFileSync(lock, String(ended));
  expect(await claimed(path, async () => 'done')).toBe('done');
  expect(existsSync(lock)).toBe(false);
});

it('leaves a lock that another took over first', () => {
  writeFileSync(lock, '1');
  removeStale(lock, ended);
  expect(readFileSync(lock, 'utf8')).toBe('1');
  removeStale(lock, 1);
  expect(readdirSync(root)).toEqual([]);
  removeStale(lock, 1);
});
