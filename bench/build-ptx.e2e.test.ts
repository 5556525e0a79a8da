import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { folderOf, LIBRARY } from '#engine/cuda/variants';
import { SAMPLER } from './sampler/device/kernels.ts';

const isHere = spawnSync('clang-16', ['--version']).status === 0 && existsSync(LIBRARY);

it.skipIf(!isHere)('the PTX is what clang makes of the sources', () => {
  const out = mkdtempSync(join(tmpdir(), 'ptx-'));
  try {
    const words = ['--import', './host/start.mjs', 'bench/build-ptx.ts', '--out', out];
    const { status, stderr } = spawnSync(process.execPath, words, {
      cwd: join(import.meta.dirname, '..'),
      encoding: 'utf8',
    });
    expect(status, stderr).toBe(0);
    for (const [name, committed] of [
      ['engine', folderOf('matmul')],
      ['sampler', folderOf(SAMPLER)],
    ] as const) {
      const built = readdirSync(join(out, name));
      expect(built).toEqual(readdirSync(committed));
      for (const file of built) {
        const text = readFileSync(join(out, name, file), 'utf8');
        expect(text === readFileSync(new URL(file, committed), 'utf8'), file).toBe(true);
      }
    }
  } finally {
    rmSync(out, { recursive: true });
  }
});
