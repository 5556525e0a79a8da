import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '#engine/backend';
import { codesOf } from '../testing/saelens/folder.ts';

/*
 * SAEs that SAELens 6.54 trained and saved, and its codes of twelve rows
 * (bench/judge/testing/saelens/make.py): several architectures, old configs, 16-bit weights, rows normalised
 * at run time. A test of the judge checks their metrics.
 */
const fixtures = join(import.meta.dirname, '../../bench/judge/testing/saelens');
const json = (name: string) => JSON.parse(readFileSync(join(fixtures, name), 'utf8'));
const x: number[][] = json('rows.json');
const { saes } = json('expected.json') as { saes: Record<string, { codes: [number, number, number][] }> };
const D_SAE = 24;

beforeAll(async () => {
  await openBackend('embedded');
});

describe('an SAE that SAELens trained', () => {
  it.each(Object.keys(saes))('gives the same codes here: %s', async (name) => {
    const rows = { shape: [x.length, x[0].length], data: x.flat() };
    // A selection over the batch is the training form; for other SAEs both forms are the same.
    for (const form of name.endsWith('-training')
      ? (['training'] as const)
      : (['training', 'inference'] as const)) {
      const codes = await codesOf(join(fixtures, name), rows, form);
      const expected = new Float32Array(codes.length);
      for (const [row, latent, code] of saes[name].codes) expected[row * D_SAE + latent] = code;
      expect(saes[name].codes.length).toBeGreaterThan(20);
      for (const [at, code] of codes.entries()) {
        const close = Math.abs(code - expected[at]) <= 1e-5 * (1 + Math.abs(expected[at]));
        if (!close) expect.fail(`${form}, codes[${at}]: ${code}, not ${expected[at]}`);
      }
    }
  });

  it('has a folder for each, and every folder is tested', () => {
    const folders = readdirSync(fixtures, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(folders.map(({ name }) => name).sort()).toEqual(Object.keys(saes).sort());
  });
});
