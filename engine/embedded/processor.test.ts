import { expect, it } from 'vitest';
import { newerCore } from './processor.ts';

const cpuinfo = (vendor: string, flags: string) =>
  `processor\t: 0\nvendor_id\t: ${vendor}\nmodel\t\t: 207\nflags\t\t: fpu sse sse2 ${flags}\n\n`;
const AVX512 = 'avx2 fma avx512f avx512dq avx512bw avx512vl';

it.each([
  ['a new Intel model', 'Prescott', 'GenuineIntel', AVX512, 'SkylakeX'],
  ['the same, taken for an older one', 'Haswell', 'GenuineIntel', AVX512, 'SkylakeX'],
  ['one without all of AVX-512', 'Prescott', 'GenuineIntel', 'avx2 fma avx512f', 'Haswell'],
  ['a new AMD model', 'Prescott', 'AuthenticAMD', AVX512, 'Zen'],
  ['a known model', 'SkylakeX', 'GenuineIntel', AVX512, null],
  ['a model newer than the list', 'SapphireRapids', 'GenuineIntel', AVX512, null],
  ['an AMD model taken for Zen', 'Zen', 'AuthenticAMD', AVX512, null],
  ['an old processor', 'Prescott', 'GenuineIntel', 'ssse3', null],
])('%s', (_, chosen, vendor, flags, wanted) => {
  expect(newerCore(chosen, cpuinfo(vendor, flags))).toBe(wanted);
});

it('leaves the choice to the library where the features are not known', () => {
  expect(newerCore('Prescott', '')).toBeNull();
  expect(newerCore('armv8', 'processor : 0\nFeatures : fp asimd\n')).toBeNull();
});
