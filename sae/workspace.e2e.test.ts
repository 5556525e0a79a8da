import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeStream } from './testing/stream.ts';

/**
 * A tree as the supervisor makes it, under the repository so that #engine and packages resolve, without the
 * files that `--start baseline` removes. A new architecture and an experiment for it are added.
 */
const repo = join(import.meta.dirname, '..');
const trees = join(repo, 'state/trees');
let tree = '';

beforeAll(() => {
  mkdirSync(trees, { recursive: true });
  tree = mkdtempSync(join(trees, 'test-'));
  cpSync(join(repo, 'sae'), join(tree, 'sae'), { recursive: true });
  for (const name of ['matryoshka-batchtopk', 'lista-matryoshka']) {
    rmSync(join(tree, `sae/architectures/${name}.ts`), { force: true });
  }
  rmSync(join(tree, 'sae/addons/leave-one-out.ts'), { force: true });
  rmSync(join(tree, 'sae/experiments/candidate.ts'), { force: true });
});
afterAll(() => rmSync(tree, { recursive: true }));

/** TypeScript's server may print that it was cancelled. */
const said = ({ stderr }: { stderr: string }) => stderr.replace('context canceled\n', '');

const run = (command: string, ...args: string[]) =>
  spawnSync(process.execPath, ['--import', 'tsx', `sae/cli/${command}.ts`, ...args], {
    cwd: tree,
    encoding: 'utf8',
  });

describe('a workspace without its best parts', () => {
  it('passes the check and lists what is left', () => {
    const checked = run('check');
    expect(said(checked)).toBe('');
    expect(checked.stdout).toMatch(/types correct.*experiments train and encode/);
    expect(checked.status).toBe(0);
    const list = JSON.parse(run('train', '--list').stdout) as { name: string; members?: string[] }[];
    const names = list.map(({ name }) => name);
    expect(names).toContain('baseline_batchtopk');
    expect(names).not.toContain('default');
    expect(list.find(({ name }) => name === 'paper_baselines')?.members).toContain('baseline_batchtopk');
    for (const sweep of ['ablations', 'l0_sweep']) expect(names).not.toContain(sweep);
  });

  it('trains and encodes with a new architecture in plain tfjs from one file and an experiment from another', () => {
    const own = join(tree, 'sae/architectures/my-own.ts');
    cpSync(join(tree, 'sae/architectures/_template.ts'), own);
    expect(readFileSync(own, 'utf8')).not.toContain('#engine');
    writeFileSync(
      join(tree, 'sae/experiments/candidate.ts'),
      `import type { Experiment } from '../experiment.ts';
export const experiments: Experiment[] = [
  { name: 'candidate', description: 'mine', architecture: 'my-own', settings: { d_sae: 32, lr: 0.02 } },
];
`,
    );
    const data = join(tree, 'data.bin');
    writeStream(data, { batches: 30 });
    const shell = (command: string) => spawnSync('sh', ['-c', command], { cwd: tree, maxBuffer: 1 << 26 });
    const trained = shell(
      `LOOP_DATA_FD=0 node --import tsx sae/cli/train.ts candidate --samples 3840 --out out < data.bin`,
    );
    expect(String(trained.stderr)).toContain('candidate (my-own)');
    expect(trained.status).toBe(0);
    const log = readFileSync(join(tree, 'out/progress.jsonl'), 'utf8').trim().split('\n');
    const [first, last] = [log[0], log[log.length - 1]].map((line) => JSON.parse(line).values.loss);
    expect(last).toBeLessThan(0.9 * first);
    const encoded = shell(
      `node --import tsx sae/cli/encode.ts --checkpoint out/checkpoint.safetensors < data.bin`,
    );
    expect(String(encoded.stderr)).toBe('');
    const bytes = encoded.stdout;
    expect(bytes.toString('latin1', 0, 8)).toBe('SAECODE1');
    const jsonLength = bytes.readUInt32LE(8);
    const header = JSON.parse(bytes.toString('utf8', 12, 12 + jsonLength));
    expect(header).toEqual({
      ...{ d_in: 16, d_sae: 32, forms: ['training', 'inference'] },
      // What it would be exported by, and whether an encoder in Python is beside it.
      exported: { name: 'standard', python: false },
    });
    // The first answer: its rows, and how many of its numbers are not 0.
    const answer = 12 + jsonLength + 4 * (32 * 16 + 16);
    expect(bytes.readUInt32LE(answer)).toBe(128);
    const active = bytes.readUInt32LE(answer + 4);
    expect(active).toBeGreaterThan(128);
    expect(active).toBeLessThan(128 * 32);
  });

  it('checks one experiment by name and refuses an unknown name', () => {
    const one = run('check', 'candidate');
    expect(one.stdout).toMatch(/types correct.*, 1 experiment trains and encodes \(/);
    expect(one.stdout).toMatch(/\nmy-own is exported as SAELens' standard\n$/);
    expect(one.status).toBe(0);
    const unknown = run('check', 'candidat');
    expect(said(unknown)).toMatch(/^error: unknown experiment "candidat"; there are: .*candidate.*\n$/);
    expect(unknown.status).toBe(1);
  });

  it('says before a run that its export would be refused: another encoder under the same name', () => {
    const own = join(tree, 'sae/architectures/my-own.ts');
    const before = readFileSync(own, 'utf8');
    writeFileSync(own, before.replaceAll('encode: (x) => tf.relu(', 'encode: (x) => tf.softplus('));
    const checked = run('check', 'candidate');
    writeFileSync(own, before);
    expect(checked.stdout).toMatch(
      /\nnpm run export would refuse my-own: sae\/architectures\/my-own\.ts: inferenceEncoder\(\) says that it is SAELens' "standard"; loaded as that, \d+ of \d+ codes [^\n]*; not exported\n$/,
    );
    expect(checked.status).toBe(0);
  });

  it('makes an architecture, an experiment and a test from the template, which work as they are', () => {
    const made = run('new', 'fresh-1');
    expect(said(made)).toBe('');
    const files = ['architectures/fresh-1.ts', 'experiments/fresh-1.ts', 'architectures/fresh-1.test.ts'];
    expect(made.stdout).toBe(
      `made
${files.map((file) => `  sae/${file}`).join('\n')}
next
  npm run check:sae -- fresh-1
  npm run test:unit -- sae/architectures/fresh-1.test.ts
  npm run train -- fresh-1
`,
    );
    const texts = files.map((file) => readFileSync(join(tree, 'sae', file), 'utf8'));
    for (const text of texts) expect(text).not.toMatch(/template/i);
    const checked = run('check', 'fresh-1');
    expect(checked.stdout).toMatch(
      /types correct.*, 1 experiment trains and encodes \(.*\nfresh-1 is exported as /,
    );
    const vitest = join(repo, 'node_modules/vitest/vitest.mjs');
    // Else the repository's own is found above the tree.
    writeFileSync(join(tree, 'vitest.config.mjs'), 'export default {};\n');
    const tested = spawnSync(process.execPath, [vitest, 'run', '--root', tree, 'fresh-1.test.ts'], {
      cwd: tree,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, HOME: process.env.HOME, TMPDIR: process.env.TMPDIR, NO_COLOR: '1' },
    });
    expect(tested.stderr).toBe('');
    expect(tested.stdout).toMatch(/Tests +3 passed/);
    expect(tested.status).toBe(0);
  });

  it.each([
    ['fresh-1', 'sae/architectures/fresh-1.ts is there already; nothing was written'],
    ['candidate', 'sae/experiments/candidate.ts is there already; nothing was written'],
    ['paper_baselines', '"paper_baselines" is no name for an architecture: '],
    ['../escape', '"../escape" is no name for an architecture: '],
    ['a'.repeat(41), 'is no name for an architecture: at most 40 small letters'],
    ['all', 'a sweep is named "all" already; nothing was written'],
  ])('makes nothing by the name %s', (name, message) => {
    const refused = run('new', name);
    expect([refused.status, refused.stdout]).toEqual([2, '']);
    expect(said(refused)).toMatch(/^error: [^\n]*\n$/);
    expect(said(refused)).toContain(message);
  });

  it('fails the check with file and line of a wrong type', () => {
    writeFileSync(join(tree, 'sae/experiments/wrong.ts'), `\nexport const experiments: number[] = ['a'];\n`);
    const checked = run('check');
    expect(checked.status).toBe(1);
    expect(said(checked)).toMatch(/^error: sae\/experiments\/wrong\.ts:2: .*number.*\n$/);
  });
});
