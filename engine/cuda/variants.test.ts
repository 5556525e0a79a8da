import { expect, it } from 'vitest';
import { DeviceError } from '../opencl/library.ts';
import { holdsPtx } from './testing/holds-ptx.ts';
import { ptxOf, VARIANTS, variantOf } from './variants.ts';

holdsPtx(VARIANTS);

it('a launch gets what was built for its macros, and one line where nothing was', () => {
  const sparse = variantOf('sparse', '-D VECTOR=4', 256);
  expect(sparse).toEqual({ of: 'sparse', macros: ['GROUP=256', 'VECTOR=4'] });
  expect(ptxOf(sparse)).toContain('.entry dots_at(');
  const other = () => ptxOf(variantOf('sparse', '-D VECTOR=4', 128));
  expect(other).toThrow(DeviceError);
  expect(other).toThrow(/^no PTX of sparse for GROUP=128 VECTOR=4: npm run build:ptx builds/);
});
