import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { kept } from './kept.ts';

it('makes a result once, and again after a failure or under another name', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kept-'));
  let made = 0;
  const make = () => ({ made: ++made });
  const fail = () => {
    throw new Error('stopped');
  };
  await expect(kept(folder, 'a', fail)).rejects.toThrow('stopped');
  expect(await kept(folder, 'a', make)).toEqual({ made: 1 });
  expect(await kept(folder, 'a', fail)).toEqual({ made: 1 });
  expect(await kept(folder, 'b', make)).toEqual({ made: 2 });
  expect(await kept(undefined, 'a', make)).toEqual({ made: 3 });
  rmSync(folder, { recursive: true });
});
