import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Tensor32, writeSafetensors } from '#contract/safetensors';
import { taskText } from '../judge/testing/task.ts';
import { openWorld } from '../worlds.ts';

const root = mkdtempSync(join(tmpdir(), 'inspected-'));
afterAll(() => rmSync(root, { recursive: true }));
const repo = join(root, 'repo');
const repository = join(import.meta.dirname, '../..');
const { world, folder: worldFolder } = await openWorld('tiny');
const [LATENTS, DIM] = [32, world.hiddenDim];

/** A task of its own with the workspace of this repository, and an SAE as SAELens saves it. */
beforeAll(() => {
  mkdirSync(join(repo, 'sae'), { recursive: true });
  writeFileSync(
    join(repo, 'TASK.md'),
    taskText({ encode: 'node --import tsx sae/cli/encode.ts', world: 'tiny', width: '==16', verdict: 3000 }),
  );
  const cfg = { architecture: 'topk', d_in: DIM, d_sae: LATENTS, k: 2, dtype: 'float32', device: 'cpu' };
  writeFileSync(join(root, 'cfg.json'), JSON.stringify(cfg));
  // Each latent has the direction of the feature of its number; the last one never fires.
  const decoder = world.featureVectors.slice(0, LATENTS * DIM);
  const bias = new Float32Array(LATENTS);
  bias[LATENTS - 1] = -1e6;
  const tensors = new Map<string, Tensor32>([
    [
      'W_enc',
      {
        shape: [DIM, LATENTS],
        data: decoder.map((_, at) => decoder[(at % LATENTS) * DIM + Math.floor(at / LATENTS)]),
      },
    ],
    ['b_enc', { shape: [LATENTS], data: bias }],
    ['W_dec', { shape: [LATENTS, DIM], data: decoder }],
    ['b_dec', { shape: [DIM], data: world.bias }],
  ]);
  writeSafetensors(join(root, 'sae_weights.safetensors'), { tensors, metadata: {} });
});

function inspect(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const tool = join(import.meta.dirname, 'inspect-by-hand.ts');
  const words = [tool, root, '--profile', 'tiny', '--tree-dir', repository, '--sandbox', 'off', ...args];
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--import', import.meta.resolve('tsx'), ...words],
      { cwd: repo },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

/** What it says besides how far it is. */
const problems = (stderr: string) => stderr.replace(/^measuring .*\d+:\d\d\n/gm, '');

describe('npm run inspect', () => {
  it('shows the worst, the best and the dead latents', async () => {
    const { code, stdout, stderr } = await inspect('--worst', '3', '--best', '2');
    expect([code, problems(stderr)]).toEqual([0, '']);
    expect(stdout).toMatch(
      /^inspected-\w+: 32 latents, 128 features of the world tiny, 2000 fresh samples\nf1 0\.\d{3} /,
    );
    const lines = (title: string) =>
      (stdout.split(`${title}:\n`)[1]?.split('\n\n')[0] ?? '').split('\n').slice(1);
    const f1Of = (line: string) => Number(line.trim().split(/ +/)[5]);
    const [worst, best] = [lines('The worst by f1').map(f1Of), lines('The best by f1').map(f1Of)];
    expect([worst.length, best.length]).toEqual([3, 2]);
    expect([...worst, ...best.reverse()]).toEqual([...worst, ...best].sort((a, b) => a - b));
    expect(stdout).toMatch(/^Dead latents \(never fired\): \d+: [\d, ]*\b31\b/m);
    expect(stdout).toContain('by firing rate of the feature');
  });

  it('writes all that is known of latents, features and rows, with the place of the world', async () => {
    const out = join(root, 'tables');
    const { code, stderr } = await inspect('--out', out, '--rows', '1500', '--eval-seed', '7');
    expect([code, problems(stderr)]).toEqual([0, '']);
    expect(readdirSync(out).sort()).toEqual([
      'about.json',
      'codes.safetensors',
      'features.csv',
      'features.safetensors',
      'latents.csv',
      'latents.safetensors',
    ]);
    const about = JSON.parse(readFileSync(join(out, 'about.json'), 'utf8'));
    expect(about).toMatchObject({
      ...{ samples: 2000, rows: 1500, seed: 7, folder: root },
      world: { name: 'tiny', hash: world.hash, folder: worldFolder },
    });
    const csv = (name: string) => readFileSync(join(out, name), 'utf8').trim().split('\n');
    expect(csv('latents.csv')).toHaveLength(LATENTS + 1);
    expect(csv('features.csv')).toHaveLength(world.numFeatures + 1);
    const [head, first] = csv('latents.csv').map((line) => line.split(','));
    const cell = (name: string) => first?.[head?.indexOf(name) ?? -1];
    // Its own feature by its place in the world, and the exact cosine.
    expect([cell('latent'), cell('feature'), cell('assigned')]).toEqual(['0', '0', '0']);
    expect(Number(cell('cosine'))).toBeCloseTo(1, 6);
    expect(about.metrics.f1).toBeCloseTo(
      csv('latents.csv')
        .slice(1)
        .reduce((sum, line) => sum + Number(line.split(',')[head?.indexOf('f1') ?? -1]), 0) / LATENTS,
      6,
    );
  });

  it('refuses a folder that the researcher’s shell could read, before it measures or makes anything', async () => {
    const { code, stdout, stderr } = await inspect('--out', 'tables/deep');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(
      /^error: --out tables\/deep: the researcher's shell could read it there, [^\n]*\n$/,
    );
    expect(readdirSync(repo)).not.toContain('tables');
    expect((await inspect('--out', join(repo, 'state/inspected'))).code).toBe(0);
  });

  it('keeps x and the codes of the rows as the world and the SAE give them', async () => {
    const out = join(root, 'codes');
    await inspect('--out', out, '--rows', '1500', '--eval-seed', '7');
    const bytes = readFileSync(join(out, 'codes.safetensors'));
    const length = Number(bytes.readBigUInt64LE(0));
    const header = JSON.parse(bytes.toString('utf8', 8, 8 + length)) as Record<
      string,
      { dtype: string; shape: number[]; data_offsets: [number, number] }
    >;
    const ints = (name: string) => {
      const [from, to] = header[name].data_offsets;
      return new Int32Array(new Uint8Array(bytes.subarray(8 + length + from, 8 + length + to)).buffer);
    };
    expect(header.x).toMatchObject({ dtype: 'F32', shape: [1500, DIM] });
    for (const name of ['features', 'training', 'inference']) {
      const offsets = ints(`${name}.offsets`);
      expect(header[`${name}.indices`].dtype).toBe('I32');
      expect([offsets.length, offsets[0], offsets.at(-1)]).toEqual([1501, 0, ints(`${name}.indices`).length]);
      // Rows of the second batch follow those of the first.
      expect(
        offsets.every((offset, row) => row === 0 || offset >= offsets[row - 1]),
        name,
      ).toBe(true);
    }
    // k is 2, in both forms.
    expect(ints('training.indices').length).toBeLessThanOrEqual(3000);
    expect(ints('training.indices')).toEqual(ints('inference.indices'));
  });
});
