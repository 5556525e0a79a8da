import {
  closeSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { keepFile } from './atomic.ts';

const folder = mkdtempSync(join(tmpdir(), 'atomic-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'kept');

describe('a file that is kept', () => {
  beforeEach(() => {
    rmSync(path, { force: true });
    keepFile(path, 'first');
  });

  it('is not written again where it is right', () => {
    const { ino, ctimeMs } = statSync(path);
    keepFile(path, Buffer.from('first'));
    expect(statSync(path)).toMatchObject({ ino, ctimeMs });
  });

  it('is another file where it was wrong: who reads it meanwhile reads one of both, whole', () => {
    const reader = openSync(path, 'r');
    keepFile(path, 'second');
    expect(readFileSync(reader, 'utf8')).toBe('first');
    closeSync(reader);
    expect(readFileSync(path, 'utf8')).toBe('second');
    expect(readdirSync(folder)).toEqual(['kept']);
  });

  it('takes the place of a link, and writes nothing through it', () => {
    const other = join(folder, 'other');
    writeFileSync(other, 'first');
    rmSync(path);
    symlinkSync(other, path);
    keepFile(path, 'first');
    expect(lstatSync(path).isFile()).toBe(true);
    rmSync(other);
    expect(readFileSync(path, 'utf8')).toBe('first');
  });
});
