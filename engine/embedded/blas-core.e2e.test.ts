import { expect, it, vi } from 'vitest';
import { findBlas } from './blas.ts';

// A file of its own: a library that is in use cannot be loaded again with other kernels.
vi.stubEnv('OPENBLAS_CORETYPE', undefined);
const told = findBlas(1, undefined, () => 'Prescott');

it.skipIf(!told)('tells OpenBLAS of a processor that it does not know (SKIP without it)', () => {
  expect(told?.label).toMatch(/^OpenBLAS [\d.]+ Prescott instead of (?!Prescott)\w+$/i);
  expect(process.env.OPENBLAS_CORETYPE).toBeUndefined();
});

it.skipIf(!told)('says no other kernels where the library has kept its own (SKIP without it)', () => {
  expect(findBlas(1, undefined, () => 'Haswell')).toMatchObject({ instead: null });
});
