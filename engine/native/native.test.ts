import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readCpuinfo } from '../embedded/processor.ts';
import { isInstalled } from '../packages.ts';
import { levels, levelsOf } from './levels.ts';
import { openNative } from './open.ts';
import { digestOf, libraryOf, sourcesIn } from './sources.ts';

const sources = sourcesIn();
const isHere = process.platform === 'linux' && process.arch === 'x64' && isInstalled('koffi');
const here = isHere ? levelsOf(readCpuinfo()) : [];
const libraries = sources.flatMap((source) =>
  levels.map((level) => [basename(libraryOf(source, level)), source, level] as const),
);

it('finds the sources', () => {
  expect(sources.map((source) => basename(source))).toContain('kernels.c');
});

describe.each(libraries)('%s', (_, source, level) => {
  const bytes = readFileSync(libraryOf(source, level));

  // Where it fails: npm run build:native.
  it('is built from the sources as they are', () => {
    expect(bytes.includes(`built from ${digestOf(source, level)}`)).toBe(true);
  });

  it('needs no other library, so that it loads beside any', () => {
    expect(bytes.includes('.so')).toBe(false);
  });

  it.skipIf(!here.includes(level))('loads (SKIP where the processor lacks its instructions)', () => {
    const native = openNative(pathToFileURL(source), level);
    expect(native?.level).toBe(level);
    expect(native?.path).toBe(libraryOf(source, level));
  });
});

it('opens nothing where none is asked for, or there is none', () => {
  const source = pathToFileURL(sources[0]);
  expect(openNative(source, 'off')).toBeNull();
  expect(openNative(new URL('nothing.c', source), 'auto')).toBeNull();
});

it.skipIf(here.length === 0)('is an error where what is named is not there (SKIP without AVX2)', () => {
  const source = new URL('nothing.c', pathToFileURL(sources[0]));
  expect(() => openNative(source, 'avx2')).toThrow(/^ENGINE_NATIVE=avx2: there is no .*nothing-x64-avx2.so$/);
});
