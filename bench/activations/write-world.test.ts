import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { UserError } from '#contract/errors';
import type { World } from '../world/world.ts';
import { writeRows } from './write-world.ts';

it('says in one line where a folder cannot be written, and where it has files, before it draws', () => {
  const dir = mkdtempSync(join(tmpdir(), 'rows-'));
  const file = join(dir, 'file');
  writeFileSync(file, '');
  const written = (folder: string) => () => writeRows({} as World, { seed: 0, rows: 1, folder }, () => {});
  const refusal = (words: string) =>
    expect.objectContaining({ name: 'UserError', message: expect.stringContaining(words) });
  try {
    for (const folder of [file, join(file, 'below'), '/proc/rows'])
      expect(written(folder)).toThrow(refusal(`--into ${folder}: cannot be written to (`));
    expect(written(dir)).toThrow(new UserError(`${dir}: has files already; name a new folder`));
  } finally {
    rmSync(dir, { recursive: true });
  }
});
