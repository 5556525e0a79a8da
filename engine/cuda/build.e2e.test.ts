import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { FOLDER, LIBRARY } from './variants.ts';

const isHere = spawnSync('clang-16', ['--version']).status === 0 && existsSync(LIBRARY);

it.skipIf(!isHere)('the PTX is what clang makes of the sources', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ptx-'));
  try {
    const words = ['--import', './host/start.mjs', 'engine/cuda/build.ts', '--out', folder];
    const { status, stderr } = spawnSync(process.execPath, words, {
      cwd: join(import.meta.dirname, '..', '..'),
      encoding: 'utf8',
    });
    expect(status, stderr).toBe(0);
    const built = readdirSync(folder);
    expect(built).toEqual(readdirSync(FOLDER));
    for (const file of built) {
      expect(
        readFileSync(join(folder, file), 'utf8') === readFileSync(new URL(file, FOLDER), 'utf8'),
        file,
      ).toBe(true);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
