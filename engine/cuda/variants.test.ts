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

it('a product by tensor cores reads its tile after all have waited, and has all done before the next copy', () => {
  // PoCL adds barriers of its own around loops, so that no test there misses one of these.
  const ptx = ptxOf(variantOf('mma', '', 256));
  const order = [...ptx.matchAll(/\b(cp\.async\.\w+|bar\.sync|ld\.shared|mma\.sync)\b/g)].map(
    ([, word]) => word,
  );
  const body = order.filter((word, i) => word !== order[i - 1]).join(' ');
  const multiplied = 'ld.shared mma.sync ld.shared mma.sync';
  expect(body).toContain(
    `cp.async.cg cp.async.commit_group cp.async.wait_group bar.sync ${multiplied} bar.sync`,
  );
  expect(body.split('ld.shared')).toHaveLength(3);
});
