import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { linked, takeAway } from './lock-file.ts';

const root = mkdtempSync(join(tmpdir(), 'lock-file-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const [own, lock] = [join(root, 'own'), join(root, 'lock')];
const names = (holder: string) => (path: string) => readFileSync(path, 'utf8') === holder;

it('gives a lock to the first who asks', () => {
  writeFileSync(own, 'first');
  expect([linked(own, lock), linked(own, lock)]).toEqual([true, false]);
});

it('does so where the file system has no hard links', () => {
  for (const code of ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EACCES', 'EINVAL']) {
    const refuses = () => {
      throw Object.assign(new Error(code), { code });
    };
    const free = join(root, code);
    writeFileSync(own, 'first');
    expect(linked(own, free, refuses)).toBe(true);
    expect(readFileSync(free, 'utf8')).toBe('first');
    writeFileSync(own, 'second');
    expect(linked(own, free, refuses)).toBe(false);
    expect(readFileSync(free, 'utf8')).toBe('first');
    rmSync(free);
    // A fresh door means that another process is locking; an old door was left by a killed process.
    mkdirSync(`${free}.door`);
    expect(linked(own, free, refuses)).toBe(false);
    utimesSync(`${free}.door`, 1, 1);
    expect(linked(own, free, refuses)).toBe(true);
    rmSync(free);
  }
  const refuses = () => {
    throw Object.assign(new Error('EPERM'), { code: 'EPERM' });
  };
  expect(() => linked(own, join(root, 'no-such-folder', 'lock'), refuses)).toThrow('ENOENT');
  // A file in place of the door's folder cannot be removed, so the lock cannot be taken.
  const shut = join(root, 'shut');
  writeFileSync(`${shut}.door`, '');
  utimesSync(`${shut}.door`, 1, 1);
  expect(linked(own, shut, refuses)).toBe(false);
  rmSync(`${shut}.door`);
  const broken = () => {
    throw Object.assign(new Error('EROFS'), { code: 'EROFS' });
  };
  expect(() => linked(own, lock, broken)).toThrow('EROFS');
  writeFileSync(own, 'first');
});

it('takes away the lock that was looked at, and no other', () => {
  takeAway(lock, names('second'));
  expect(readFileSync(lock, 'utf8')).toBe('first');
  takeAway(lock, names('first'));
  takeAway(lock, names('first'));
  expect(readdirSync(root)).toEqual(['own']);
});
