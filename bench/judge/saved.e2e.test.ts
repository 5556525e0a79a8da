import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Tensor32, writeSafetensors } from '#contract/safetensors';
import { openWorld } from '../worlds.ts';
import { profileOfSaved } from './subject.ts';
import { taskText } from './testing/task.ts';

const root = mkdtempSync(join(tmpdir(), 'saved-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const repository = join(import.meta.dirname, '../..');
const judge = join(repository, 'bench/cli/judge.ts');
const inspect = join(repository, 'bench/cli/inspect.ts');

/**
 * An SAE of 32 latents as SAELens saves it: the directions of the first features of the world `tiny`, tied.
 */
async function saved(name: string, cfg = {}, change = (_: Map<string, Tensor32>) => {}): Promise<string> {
  const { world } = await openWorld('tiny');
  const [m, d] = [32, world.hiddenDim];
  const decoder = world.featureVectors.slice(0, m * d);
  const tensors = new Map<string, Tensor32>([
    ['W_enc', { shape: [d, m], data: decoder.map((_, at) => decoder[(at % m) * d + Math.floor(at / m)]) }],
    ['b_enc', { shape: [m], data: new Float32Array(m) }],
    ['W_dec', { shape: [m, d], data: decoder }],
    ['b_dec', { shape: [d], data: world.bias }],
  ]);
  change(tensors);
  const folder = join(root, name);
  mkdirSync(folder);
  const common = { architecture: 'topk', d_in: d, d_sae: m, k: 2, dtype: 'float32', device: 'cpu' };
  writeFileSync(join(folder, 'cfg.json'), JSON.stringify({ ...common, ...cfg }));
  writeSafetensors(join(folder, 'sae_weights.safetensors'), { tensors, metadata: {} });
  return folder;
}

/** The warning that a command prints where there is no sandbox. */
const UNSANDBOXED = /^warning: no sandbox: .*\n/;

/** Runs the judge, or `inspect`, in a folder with a task of its own and the workspace of this repository. */
function ask(tool: string, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--import', import.meta.resolve('tsx'), tool, '--tree-dir', repository, ...args],
      { cwd: root },
      (error, stdout, stderr) =>
        // Where bubblewrap is missing, the command first prints a warning.
        resolve({
          code: error ? Number(error.code) : 0,
          stdout,
          stderr: stderr.replace(UNSANDBOXED, '').trim(),
        }),
    );
  });
}

beforeAll(() =>
  writeFileSync(
    join(root, 'TASK.md'),
    taskText({ encode: 'node --import tsx sae/cli/encode.ts', world: 'tiny', verdict: 3000 }),
  ),
);

describe('an SAE that SAELens saved', () => {
  it('is measured by the workspace’s own encoder, and left as it is', async () => {
    const folder = await saved('good');
    const { code, stdout } = await ask(judge, folder, '--profile', 'tiny', '--json');
    expect(code).toBe(0);
    const verdict = JSON.parse(stdout);
    expect(verdict).toMatchObject({
      sae: 'good',
      profile: 'tiny',
      world: { name: 'tiny' },
      observed: { width: 32 },
      evaluation: { samples: 3000, batch: 1024 },
    });
    // Its decoder holds the true directions.
    expect(verdict.metrics).toMatchObject({ uniqueness: 1, mcc: expect.closeTo(1, 6) });
    expect(verdict.metrics.f1).toBeGreaterThan(0.3);
    expect(verdict.metrics.l0).toBeGreaterThan(0.5);
    expect(verdict.metrics.l0).toBeLessThanOrEqual(2);
    expect(verdict.also.inference.l0).toBeCloseTo(verdict.metrics.l0, 6);
    expect(readdirSync(folder).sort()).toEqual(['cfg.json', 'sae_weights.safetensors']);
  });

  it('is shown latent by latent', async () => {
    const folder = await saved('shown');
    const look = await ask(inspect, folder, '--profile', 'tiny', '--worst', '3');
    expect(look.code).toBe(0);
    expect(look.stdout).toMatch(/^shown: 3 of 32 latents, 2000 fresh samples\n/);
    // Each latent has the direction of its own feature; only the feature's id is printed.
    expect(look.stdout).toMatch(/^ +\d+ +F\d+ +1\.00 /m);
    expect(() => profileOfSaved(folder, undefined)).toThrow(
      'give the profile to measure it in with --profile',
    );
    expect(() => profileOfSaved(root, 'tiny')).toThrow('is not an SAE that SAELens saved');
    expect(profileOfSaved(root, undefined)).toBeNull();
    for (const path of [join(root, 'TASK.md'), join(root, 'nothing')]) {
      expect(profileOfSaved(path, undefined)).toBeNull();
    }
  });

  it('is read where its files are links, as in a hub’s cache', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'elsewhere-'));
    const folder = join(elsewhere, 'snapshot');
    renameSync(await saved('snapshot'), folder);
    const cache = mkdtempSync(join(tmpdir(), 'hub-'));
    for (const name of readdirSync(folder)) {
      renameSync(join(folder, name), join(cache, `blob-of-${name}`));
      symlinkSync(join(cache, `blob-of-${name}`), join(folder, name));
    }
    // Neither the link nor its target lies in the test's repository, so the sandbox hides both.
    const names = mkdtempSync(join(tmpdir(), 'names-'));
    const link = join(names, 'by-its-name');
    symlinkSync(folder, link);
    const { code, stdout, stderr } = await ask(judge, link, '--profile', 'tiny', '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ sae: 'by-its-name', metrics: { uniqueness: 1 } });
    // In the repository a researcher may have made such links, to files that are hidden from it.
    const work = join(root, 'snapshot');
    renameSync(folder, work);
    const refused = await ask(judge, work, '--profile', 'tiny', '--json');
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    renameSync(work, folder);
    rmSync(cache, { recursive: true });
    const gone = await ask(judge, link, '--profile', 'tiny', '--json');
    for (const made of [names, elsewhere]) rmSync(made, { recursive: true });
    expect(gone).toMatchObject({ code: 2, stdout: '' });
    expect(gone.stderr).toMatch(
      /^error: [^\n]*cfg\.json: a link to [^\n]*, which cannot be read \(ENOENT\)[^\n]*$/,
    );
  });

  it('is refused where git-LFS left a pointer, in one line', async () => {
    const folder = await saved('pointer');
    const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n';
    writeFileSync(join(folder, 'sae_weights.safetensors'), pointer);
    const { code, stdout, stderr } = await ask(judge, folder, '--profile', 'tiny');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(
      /^error: [^\n]*sae_weights\.safetensors: a git-LFS pointer and not the file itself[^\n]*$/,
    );
  });

  it.each([
    ['without a profile', 2, [], /with --profile/, {}, undefined],
    ['with --evals', 2, ['--profile', 'tiny', '--evals'], /snapshots of a run/, {}, undefined],
    [
      'with NaN',
      2,
      ['--profile', 'tiny'],
      /^error: [^\n]*sae_weights\.safetensors: b_enc has numbers that are not finite$/,
      {},
      (t: Map<string, Tensor32>) => t.get('b_enc')?.data.fill(Number.NaN),
    ],
    [
      'of an architecture that is not known',
      2,
      ['--profile', 'tiny'],
      /^error: [^\n]*cfg\.json: architecture "transcoder"/,
      { architecture: 'transcoder' },
      undefined,
    ],
  ])('is refused %s, in one line', async (name, exit, args, message, cfg, change) => {
    const { code, stdout, stderr } = await ask(judge, await saved(name, cfg, change), ...args);
    // Without bubblewrap, a warning comes first.
    const said = stderr.split('\n').filter((line) => !line.startsWith('warning: '));
    expect({ code, stdout, lines: said.length }).toEqual({ code: exit, stdout: '', lines: 1 });
    expect(said[0]).toMatch(message);
  });
});
