import { expect, it } from 'vitest';
import { difference, type Expected } from './compare.ts';

const codes = Float32Array.of(0, 2, 0, 1, 0, 0);
const recon = Float32Array.of(4, -2, 0.5, 8);
const expected = (unit: 'same' | 'any'): Expected => ({
  codes: { data: codes, width: 3, unit },
  recon: { data: recon, width: 2 },
});
const changed = (of: Float32Array, at: number, value: number): Float32Array => {
  const copy = of.slice();
  copy[at] = value;
  return copy;
};

it('takes the same numbers, and numbers that are rounded otherwise', () => {
  expect(difference({ codes, recon }, expected('same'))).toBeNull();
  const close = { codes: changed(codes, 1, 2 + 1.9e-5), recon: changed(recon, 3, 8 - 7e-5) };
  expect(difference(close, expected('same'))).toBeNull();
});

it('names a code and a reconstruction that differ', () => {
  expect(difference({ codes: changed(codes, 1, 2.0001), recon }, expected('same'))).toBe(
    '1 of 2 codes (row 0, latent 1: 2.000, and 2.000 in Python)',
  );
  expect(difference({ codes, recon: changed(recon, 3, 8.001) }, expected('same'))).toBe(
    'the reconstruction (row 1: 8.000, and 8.001 in Python)',
  );
  expect(difference({ codes: changed(codes, 2, Number.NaN), recon }, expected('same'))).toContain(
    'NaN in Python',
  );
  expect(difference({ codes, recon: changed(recon, 0, Number.NaN) }, expected('any'))).toContain(
    'NaN in Python',
  );
});

it('leaves the unit of codes to a form where it is its own, and not which latents fire', () => {
  expect(difference({ codes: codes.map((v) => 3 * v), recon }, expected('any'))).toBeNull();
  expect(difference({ codes: changed(codes, 0, 0.1), recon }, expected('any'))).toContain('1 of 3 codes');
});

it('lets one code in a thousand stray, with the reconstruction of its row', () => {
  const many = new Float32Array(3000).fill(1);
  const wide: Expected = {
    codes: { data: many, width: 3, unit: 'same' },
    recon: { data: new Float32Array(1000).fill(1), width: 1 },
  };
  const strays = many.slice();
  for (const at of [0, 1, 2]) strays[at] = 0;
  const ownRecon = changed(wide.recon.data, 0, 0.5);
  expect(difference({ codes: strays, recon: ownRecon }, wide)).toBeNull();
  expect(difference({ codes: changed(strays, 3, 0), recon: ownRecon }, wide)).toContain('4 of 3000 codes');
  expect(difference({ codes: strays, recon: changed(ownRecon, 1, 0.5) }, wide)).toContain('(row 1: ');
});
