import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CodesHeader } from '#contract/codes';
import { encodeSafetensors } from '#contract/safetensors';
import { noSandbox } from '#host/sandbox';
import { findPython } from './find.ts';
import { HOLDS, NO_FORM, NOT_ASKED } from './hold.ts';
import { type Answer, pythonRemarks } from './of-run.ts';
import { exportOf, RIGHT } from './testing/form.ts';

const tree = mkdtempSync(join(tmpdir(), 'tree-'));
const log = join(tree, 'judge.log');
afterAll(() => rmSync(tree, { recursive: true }));
beforeAll(() => {
  mkdirSync(join(tree, 'sae/cli'), { recursive: true });
  symlinkSync(join(process.cwd(), 'node_modules'), join(tree, 'node_modules'));
});

const { weights, parity } = exportOf(RIGHT);
const { x, codes, recon } = parity;
const tables = new Map(
  Object.entries({ x, codes, recon }).map(([name, { data, width }]) => [
    name,
    { data, shape: [data.length / width, width] },
  ]),
);
writeFileSync(join(tree, 'weights'), weights);
writeFileSync(join(tree, 'parity'), Buffer.concat(encodeSafetensors({ tensors: tables, metadata: {} })));

const header: CodesHeader = {
  ...{ d_in: 2, d_sae: 3, forms: ['training', 'inference'] },
  exported: { name: 'of_its_own', python: true },
};
/** Its rows have norms other than 1 in the export: the unit of a code is the form's own. */
const norms = [1, 1, Math.SQRT2];
const decoder = {
  weights: Float32Array.of(1, 0, 0, 1, Math.SQRT1_2, -Math.SQRT1_2),
  bias: Float32Array.of(0, 0),
};

/** What an encoder answers to the rows of the parity file; `change` makes it another one. */
function answer(change = (value: number, _latent: number) => value): Answer {
  const offsets = [0];
  const indices: number[] = [];
  const values: number[] = [];
  codes.data.forEach((value, at) => {
    const latent = at % 3;
    const own = change(value * (norms[latent] as number), latent);
    if (own !== 0) {
      indices.push(latent);
      values.push(own);
    }
    if (latent === 2) offsets.push(indices.length);
  });
  const given = {
    ...{ rows: x.data.length / 2, offsets: Uint32Array.from(offsets) },
    ...{ indices: Uint32Array.from(indices), values: Float32Array.from(values) },
  };
  return { x: x.data, codes: [given, given] };
}

/** The remarks on a run whose workspace exports by this script. */
async function remarks(
  exporter: string,
  of: Partial<CodesHeader> = {},
  given = answer(),
  mayBeBest = true,
): Promise<string[]> {
  writeFileSync(
    join(tree, 'sae/cli/export.ts'),
    `import * as fs from 'node:fs';\nconst out: string = process.argv.at(-1) ?? '';\n${exporter}`,
  );
  const encoding = { ...{ argv: [], cwd: tree, checkpoint: tree, log } };
  const how = { repo: process.cwd(), sandbox: noSandbox('test'), mayBeBest };
  return pythonRemarks(encoding, { header: { ...header, ...of }, decoder }, given, how);
}
const FILES = `
fs.copyFileSync('weights', out + '/sae_weights.safetensors');
fs.copyFileSync('parity', out + '/parity.safetensors');`;
const WITH_FORM = `${FILES}\nfs.writeFileSync(out + '/encode.py', ${JSON.stringify(RIGHT)});`;
const hasPython = (await findPython(process.cwd())) !== null;

it('says nothing of an encoder that SAELens has, of an earlier one, and where nothing was answered', async () => {
  const never = 'throw new Error("started")';
  expect(await remarks(never, { exported: { name: 'jumprelu', python: true } })).toEqual([]);
  expect(await remarks(never, { exported: undefined })).toEqual([]);
  expect(await remarks(never, { exported: { name: 'own', python: false } })).toEqual([NO_FORM.line]);
});

it('starts neither an export nor Python for what can be no new best', async () => {
  const never = 'throw new Error("started")';
  expect(await remarks(never, {}, answer(), false)).toEqual([NOT_ASKED.line]);
  expect(await remarks(never, { exported: { name: 'own', python: false } }, answer(), false)).toEqual([
    NO_FORM.line,
  ]);
});

describe('an export in the workspace', () => {
  it('is held to the parity file and to what the run answered', async ({ skip }) => {
    if (!hasPython) skip('no Python here has numpy');
    expect(await remarks(WITH_FORM)).toEqual([HOLDS.line]);
    expect(await remarks(FILES)).toEqual([NO_FORM.line]);
    // The parity file and the form agree on a lie: the run itself gives something else.
    const weaker = answer((value, latent) => (latent === 1 ? 0 : value));
    expect(await remarks(WITH_FORM, {}, weaker)).toEqual([
      expect.stringMatching(/^Python form differs: \d+ of/),
    ]);
    const larger = answer((value) => 1.01 * value);
    expect(await remarks(WITH_FORM, {}, larger)).toEqual([
      expect.stringMatching(/^Python form differs: the reconstruction/),
    ]);
  });

  it('that fails is told in our words, and its own stand in the log', async ({ skip }) => {
    if (!hasPython) skip('no Python here has numpy');
    const untried = ['Python form not tried: the export failed'];
    expect(await remarks('throw new Error("a new best, verified")')).toEqual(untried);
    expect(readFileSync(log, 'utf8')).toContain('a new best, verified');
    expect(await remarks(`${WITH_FORM}\nfs.symlinkSync('/etc/passwd', out + '/x');`)).toEqual([HOLDS.line]);
    const link = "fs.rmSync(out + '/encode.py');\nfs.symlinkSync('/etc/passwd', out + '/encode.py');";
    expect(await remarks(`${WITH_FORM}\n${link}`)).toEqual([NO_FORM.line]);
    expect(await remarks(FILES.replace("'parity'", "'weights'"))).toEqual(untried);
    const flood = `fs.writeFileSync(out + '/a', '');\nfs.truncateSync(out + '/a', 2 ** 32);\nsetInterval(() => {}, 1000);`;
    expect(await remarks(flood)).toEqual(untried);
    expect(readFileSync(log, 'utf8')).toContain('it wrote too much');
  });
});
