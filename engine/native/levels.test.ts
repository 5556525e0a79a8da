import { expect, it } from 'vitest';
import { chooseLevel, levelsOf } from './levels.ts';

const cpuinfo = (flags: string) => `processor\t: 0\nflags\t\t: fpu sse sse2 ${flags}\n\n`;

it.each([
  ['all of AVX-512', 'avx2 fma avx512f avx512dq avx512bw avx512vl', ['avx512', 'avx2']],
  ['a part of AVX-512', 'avx2 fma avx512f avx512dq', ['avx2']],
  ['AVX2 without FMA', 'avx2', []],
  ['an old one', 'ssse3', []],
])('knows a processor with %s', (_, flags, levels) => {
  expect(levelsOf(cpuinfo(flags))).toEqual(levels);
});

it('finds nothing where the features are not known', () => {
  for (const text of ['', 'processor : 0\nFeatures : fp asimd\n']) expect(levelsOf(text)).toEqual([]);
});

it('takes the widest, or what is asked for, or none', () => {
  expect(chooseLevel('auto', ['avx512', 'avx2'])).toBe('avx512');
  expect(chooseLevel('avx2', ['avx512', 'avx2'])).toBe('avx2');
  expect(chooseLevel('off', ['avx512', 'avx2'])).toBeNull();
  expect(chooseLevel('auto', [])).toBeNull();
});

it('refuses what the processor lacks, and a word that it does not know, in one line', () => {
  expect(() => chooseLevel('avx512', ['avx2'])).toThrow(
    'ENGINE_NATIVE=avx512: this processor has no AVX-512',
  );
  expect(() => chooseLevel('sse', ['avx2'])).toThrow(
    'ENGINE_NATIVE=sse: must be one of auto, avx512, avx2, off',
  );
});
