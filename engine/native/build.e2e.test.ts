import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { COMPILER, compile } from './compile.ts';
import { levels } from './levels.ts';
import { libraryOf, sourcesIn } from './sources.ts';

const isHere = [COMPILER, 'ld'].every((name) => spawnSync(name, ['--version']).status === 0);

it.skipIf(!isHere)('the libraries are what clang makes of the sources (SKIP without clang-16)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'native-'));
  try {
    for (const source of sourcesIn()) {
      for (const level of levels) {
        const library = libraryOf(source, level);
        const built = join(folder, basename(library));
        compile(source, built, level);
        expect(Buffer.compare(readFileSync(built), readFileSync(library)), library).toBe(0);
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
