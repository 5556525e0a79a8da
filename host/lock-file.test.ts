import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

it('takes away the lock that was looked at, and no other', () => {
  takeAway(lock, names('second'));
  expect(readFileSync(lock, 'utf8')).toBe('first');
  takeAway(lock, names('first'));
  takeAway(lock, names('first'));
  expect(readdirSync(root)).toEqual(['own']);
});
