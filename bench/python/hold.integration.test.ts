import { describe, expect, it } from 'vitest';
import { noSandbox } from '#host/sandbox';
import { findPython } from './find.ts';
import { type Held, HOLDS, holdForm, NO_FORM, NO_PYTHON } from './hold.ts';
import { exportOf, RIGHT } from './testing/form.ts';

const how = { repo: process.cwd(), sandbox: noSandbox('test') };
const python = await findPython(process.cwd());
const held = (source: string | null, more?: Held): Promise<string> =>
  holdForm(exportOf(source), { ...how, more, python }).then(
    ({ line, said }) => `${line}${said === undefined ? '' : `, ${said}`}`,
  );

it('says that there is no form, and where there is no Python that it was not tried', async () => {
  expect(await held(null)).toBe(NO_FORM.line);
  expect(await holdForm(exportOf(RIGHT), { ...how, python: null })).toEqual(NO_PYTHON);
  expect(await findPython(process.cwd(), '/bin/false')).toBeNull();
  expect(await findPython(process.cwd(), '/no/such/python')).toBeNull();
});

describe('a form in Python', () => {
  it('that is right holds', async ({ skip }) => {
    if (python === null) skip('no Python here has numpy');
    expect(await held(RIGHT)).toBe(HOLDS.line);
  });

  it('that is wrong differs, and is told how', async ({ skip }) => {
    if (python === null) skip('no Python here has numpy');
    expect(await held(RIGHT.replace('(h > 0)', '(h > 1.7)'))).toMatch(
      /^Python form differs: 3 of 9 codes \(row 0, latent 0: 1\.000, and 0\.000 in Python\)$/,
    );
    expect(await held(RIGHT.replace('.T', '.T * 1.0001'))).toMatch(
      /^Python form differs: the reconstruction/,
    );
    expect(await held(RIGHT.replace('h * (h > 0)', 'h[:1]'))).toMatch(
      /^Python form differs: it ends with exit code 1, ValueError: encode\(\) gives \[1, 3\], \[4, 3\] expected$/,
    );
    expect(await held(`import no_such_package_at_all\n${RIGHT}`)).toBe(
      'Python form not tried: the Python here lacks a package that it imports, no_such_package_at_all',
    );
  });

  it('has to give what the run itself gives for rows of a verdict', async ({ skip }) => {
    if (python === null) skip('no Python here has numpy');
    const { parity } = exportOf(RIGHT);
    const twice = { ...parity.codes, data: parity.codes.data.map((v) => 2 * v), unit: 'any' as const };
    expect(await held(RIGHT, { ...parity, codes: twice })).toBe(HOLDS.line);
    const other = { ...parity.recon, data: parity.recon.data.map((v) => -v) };
    expect(await held(RIGHT, { ...parity, codes: twice, recon: other })).toMatch(
      /differs: the reconstruction/,
    );
    expect(await held(RIGHT, { ...parity, codes: { ...twice, width: 4 } })).toMatch(
      /differs: .* other sizes/,
    );
  });
});
