import { expect, it } from 'vitest';
import { holdsPtx } from '#engine/cuda/testing/holds-ptx';
import { ptxOf, variantOf } from '#engine/cuda/variants';
import { GROUP, macrosFor, SAMPLER, VARIANTS } from './kernels.ts';

holdsPtx(VARIANTS);

it.each([
  [0, 1, '32 4'],
  [25, 4, '32 4'],
  [33, 4, '1024 16'],
  [25, 5, '1024 16'],
  [1024, 16, '1024 16'],
])('a world of %i factors and %i levels has kernels with room for %s', (rank, levels, room) => {
  const macros = macrosFor(rank, levels);
  expect(macros.map((macro) => macro.split('=')[1]).join(' ')).toBe(room);
  expect(ptxOf(variantOf(SAMPLER, macros.map((macro) => `-D ${macro}`).join(' '), GROUP))).toContain(
    '.entry draw_rows(',
  );
});

it('a deeper world has kernels of its own, of which there is no PTX', () => {
  const macros = macrosFor(8, 20);
  expect(macros).toEqual(['RANK=8', 'LEVELS=20']);
  expect(() => ptxOf(variantOf(SAMPLER, macros.map((macro) => `-D ${macro}`).join(' '), GROUP))).toThrow(
    /^no PTX of sampler for GROUP=128 RANK=8 LEVELS=20: /,
  );
});
