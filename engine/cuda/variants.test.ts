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

it('a product by tensor cores copies to a tile, and reads one, after all have waited and met', () => {
  // PoCL adds barriers of its own around loops, so that no test there misses one of these.
  const ptx = ptxOf(variantOf('mma', '', 256));
  const order = [...ptx.matchAll(/\b(cp\.async\.\w+|bar\.sync|ld\.shared|mma\.sync)\b/g)].map(
    ([, word]) => word,
  );
  const body = order.filter((word, i) => word !== order[i - 1]).join(' ');
  // The copies before the loop, and the loop: it is laid out from the end of its copies on, so that its wait
  // and its barrier are the last ones.
  const before = 'cp.async.cg cp.async.commit_group cp.async.ca';
  const multiplied = 'cp.async.cg cp.async.commit_group ld.shared mma.sync';
  expect(body).toBe(`${before} ${multiplied} cp.async.wait_group bar.sync cp.async.ca`);
  // Two of the four sets may be under way: the third is the one that is read, the fourth is copied next.
  expect(ptx).toMatch(/cp\.async\.wait_group 2;/);
});

it('a product says how many of its groups a multiprocessor should hold, and other kernels nothing', () => {
  const limits = (of: 'matmul' | 'mma' | 'chain', words: string) =>
    ptxOf(variantOf(of, words, 256)).match(/^\.(?:maxntid|minnctapersm).*$/gm);
  const product = '-D TA=0 -D TB=0 -D TX=16 -D TY=16';
  expect(limits('matmul', `${product} -D R=8 -D K=8 -D VECTOR=4`)).toEqual([
    '.maxntid 256, 1, 1',
    '.minnctapersm 2',
  ]);
  expect(limits('mma', '')).toEqual(['.maxntid 256, 1, 1', '.minnctapersm 1']);
  expect(limits('matmul', `${product} -D R=8 -D K=8 -D VECTOR=1`)).toBeNull();
  expect(limits('chain', '')).toBeNull();
});
