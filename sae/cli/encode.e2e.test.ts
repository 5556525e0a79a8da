import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { CodesHeader } from '#contract/codes';
import { writeSafetensors } from '#contract/safetensors';
import { uniform } from '#engine/random';
import { loadAddons, loadArchitecture, loadExperiments } from '../load.ts';
import { widthProfile } from '../profiles.ts';
import { resolve } from '../settings.ts';
import { writeStream } from '../testing/stream.ts';

const D = 16;
const BATCHES = 3;
const root = mkdtempSync(join(tmpdir(), 'encode-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A checkpoint of an experiment, with initial weights and thresholds that some numbers pass. */
async function checkpointOf(name: string, seed: number): Promise<string> {
  const path = join(root, `${name}-${seed}.safetensors`);
  const experiment = (await loadExperiments()).get(name);
  if (!experiment) throw new Error(`no experiment ${name}`);
  const architecture = await loadArchitecture(experiment.architecture);
  const { sae, addons } = resolve(experiment, architecture, await loadAddons(), widthProfile('small'), D, []);
  const buffers = Object.fromEntries(
    Object.entries(architecture.buffers?.(sae) ?? {}).map(([key, values]) => [
      key,
      [...values].map((value) => (key === 'topk_thresholds' ? 0.5 : value)),
    ]),
  );
  const about = { version: 1, architecture: experiment.architecture, experiment: name, samples: 0, scale: 1 };
  const weights = Object.entries(architecture.init(sae, uniform(seed)));
  const config = JSON.stringify({ ...about, sae, addons, buffers });
  writeSafetensors(path, { tensors: new Map(weights), metadata: { config } });
  return path;
}

const data = join(root, 'data.bin');
writeStream(data, { d: D, batches: BATCHES });

/** What the encoder says of each of the checkpoints: its header, and all that it answers to the batches. */
function encode(checkpoints: readonly string[]): { header: CodesHeader; bytes: Buffer }[] {
  const words = ['--import', 'tsx', join(import.meta.dirname, 'encode.ts')];
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [...words, ...checkpoints.flatMap((path) => ['--checkpoint', path])],
    { input: readFileSync(data), maxBuffer: 1 << 26 },
  );
  expect(String(stderr)).toBe('');
  let at = 0;
  const take = (bytes: number) => {
    at += bytes;
    expect(at).toBeLessThanOrEqual(stdout.length);
    return stdout.subarray(at - bytes, at);
  };
  const all = checkpoints.map(() => {
    const head = take(12);
    const header = CodesHeader.parse(JSON.parse(take(head.readUInt32LE(8)).toString()));
    return { header, bytes: take(4 * (header.d_sae + 1) * header.d_in) };
  });
  for (let batch = 0; batch < BATCHES; batch++)
    for (const each of all)
      for (const _ of each.header.forms) {
        const head = take(8);
        const codes = take(4 * (head.readUInt32LE(0) + 1 + 2 * head.readUInt32LE(4)));
        each.bytes = Buffer.concat([each.bytes, head, codes]);
      }
  expect(at).toBe(stdout.length);
  return all;
}

it('answers for several checkpoints what it answers for each of them, to the last bit', async () => {
  const paths = [await checkpointOf('default', 1), await checkpointOf('default', 2)];
  const together = encode(paths);
  for (const [at, path] of paths.entries()) {
    const [{ header, bytes }] = encode([path]);
    expect(header).not.toHaveProperty('checkpoint');
    expect(together[at].header).toEqual({ ...header, checkpoint: at });
    expect(together[at].bytes.equals(bytes)).toBe(true);
    // Some codes are among them.
    expect(bytes.length).toBeGreaterThan(4 * (header.d_sae + 1) * D + BATCHES * 128 * 16);
  }
  expect(together[0].bytes.equals(together[1].bytes)).toBe(false);
});
