import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { writeSafetensors } from '#contract/safetensors';
import { tryBubblewrap } from '#host/bubblewrap';
import { capture } from '#host/capture';
import { noSandbox } from '#host/sandbox';
import { withCheckpoints } from './checkpoints.ts';
import type { RunFolder } from './run-folder.ts';

const root = mkdtempSync(join(tmpdir(), 'checkpoints-'));
afterAll(() => rmSync(root, { recursive: true }));
for (const folder of ['state', 'tree', 'run/out/evals']) mkdirSync(join(root, folder), { recursive: true });
const secret = join(root, 'state/secret');
writeFileSync(secret, 'the key');
const names = ['evals/1.safetensors', 'evals/2.safetensors'];
const files = names.map((name) => join(root, 'run/out', name));
const tried = await tryBubblewrap(root);
const sandbox = tried.ok ? tried.sandbox : noSandbox('test');

/** A run with two snapshots. */
function run(status: 'running' | 'finished'): RunFolder {
  const weights = { tensors: new Map([['W', { shape: [1], data: Float32Array.of(1) }]]), metadata: {} };
  for (const file of files) {
    rmSync(file, { force: true });
    writeSafetensors(file, weights);
  }
  return { dir: join(root, 'run'), run: { status }, result: null } as unknown as RunFolder;
}

/** What an encoder reads in the sandbox that is shown a file. */
async function read(path: string | undefined): Promise<string> {
  const cwd = join(root, 'tree');
  const wrapped = sandbox.wrap(['cat', path ?? ''], { cwd, readable: [cwd, path ?? ''] });
  return (await capture({ ...wrapped, cwd, timeoutSeconds: 120 })).stdout;
}

it('shows the encoder of a run that trains what was checked, and not what its trainer puts there since', async () => {
  const given = await withCheckpoints(run('running'), names, async (paths) => {
    for (const file of files) {
      rmSync(file);
      symlinkSync(secret, file);
    }
    for (const path of paths) {
      expect(await read(path)).toContain('"W"');
      expect(await read(path)).not.toContain('the key');
    }
    return paths;
  });
  expect(given).toHaveLength(2);
  expect(given.filter((path) => existsSync(path))).toEqual([]);
  expect(readdirSync(join(root, 'run'))).toEqual(['out']);
});

it('keeps no copy where a file is refused, and makes none once the run has ended', async () => {
  const folder = run('running');
  rmSync(files[1] as string);
  await expect(withCheckpoints(folder, names, async () => {})).rejects.toThrow(/there is no checkpoint/);
  expect(readdirSync(join(root, 'run'))).toEqual(['out']);
  expect(await withCheckpoints(run('finished'), names, async (paths) => paths)).toEqual(files);
});
