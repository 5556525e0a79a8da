import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunRecord } from '#contract/run';
import { writeSafetensors } from '#contract/safetensors';
import { Verdict } from '#contract/verdict';
import { joinCommand } from '#host/command';
import { openActivations } from '../activations/folder.ts';
import type { Rotation } from '../activations/rotation.ts';
import { isHeldOut, SPLIT } from '../activations/split.ts';
import { openRowsWorld } from '../activations/world.ts';
import { buildWorld } from '../world/build.ts';
import { parseConfig } from '../world/config.ts';
import { ROW_FIELDS } from './fields.ts';
import { taskText } from './testing/task.ts';
import { CONFIG } from './testing/true-features.ts';

const root = mkdtempSync(join(tmpdir(), 'rows-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const here = import.meta.dirname;
const rows = join(root, 'rows');
const ROWS = 60_500;
const KEY = 'ab'.repeat(32);

interface Said {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a command of bench/cli in a folder; `input` is what it reads from standard input. */
function run(cwd: string, command: string, args: readonly string[], input = ''): Promise<Said> {
  const script = join(here, `../cli/${command}.ts`);
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ['--import', import.meta.resolve('tsx'), script, ...args],
      { cwd, encoding: 'latin1', maxBuffer: 1 << 27, env: { ...process.env, LOOP_SANDBOX: 'off (test)' } },
      (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code) : 0, stdout, stderr: stderr.trim() }),
    );
    child.stdin?.end(input);
  });
}
const lastOf = (text: string): string => text.trim().split('\n').at(-1) ?? '';
function lastLine({ code, stdout, stderr }: Said): unknown {
  expect([code, lastOf(stderr)]).toEqual([0, expect.not.stringMatching(/^error/)]);
  return JSON.parse(lastOf(stdout));
}

/** A repository with a task on the rows, and a run in it whose 20 latents are true features. */
async function repository(
  secretWorld?: string,
  turn: Rotation = () => {},
): Promise<{ repo: string; dir: string }> {
  const repo = mkdtempSync(join(root, 'repo-'));
  const encode = joinCommand(['node', join(here, 'testing/encoder.mjs')]);
  const text = taskText({ encode, world: `activations:${rows}`, width: '==20', verdict: 20_000 });
  writeFileSync(join(repo, 'TASK.md'), text.replace('metric: f1', 'metric: probe_f1'));
  const dir = join(repo, 'checkpoints/the-run');
  mkdirSync(join(dir, 'out'), { recursive: true });
  const record: RunRecord = {
    ...{ version: 2, id: 'the-run', researcherId: 'a', sprint: null, experiment: 'exact', settings: {} },
    ...{ profile: 'tiny', seed: 0, samples: 10_240, tree: 'none', startedAt: '2026-01-01T00:00:00Z' },
    ...{ endedAt: null, status: 'finished', reason: null, seconds: 1, rowsServed: 12_288 },
    machine: { host: 'h', cpu: 'c', cores: 2, gpu: null, node: 'v20' },
    sandbox: 'off (test)',
    ...(secretWorld !== undefined && { secretWorld }),
  };
  writeFileSync(join(dir, 'run.json'), JSON.stringify(record));
  const result = {
    ...{ version: 1, status: 'finished', reason: null, experiment: 'exact', architecture: 'exact' },
    ...{ config: {}, backend: 'none', steps: 10, samples: 10_240, normalisationSamples: 1024, seconds: 1 },
    ...{ declared: { learning_rate: 0.01, epochs: 1 }, claimed: {} },
  };
  writeFileSync(join(dir, 'out/result.json'), JSON.stringify(result));
  const world = await buildWorld(parseConfig(CONFIG, 'test'));
  const [decoder, bias] = [world.featureVectors.slice(0, 20 * 48), world.bias.slice()];
  turn(decoder, 20);
  turn(bias, 1);
  writeSafetensors(join(dir, 'out/checkpoint.safetensors'), {
    tensors: new Map([
      ['W_dec', { shape: [20, 48], data: decoder }],
      ['b_dec', { shape: [48], data: bias }],
    ]),
    metadata: {},
  });
  return { repo, dir };
}

const judge = (repo: string, dir: string, ...more: string[]): Promise<Said> =>
  run(repo, 'judge', ['--tree-dir', '.', dir, ...more]);

let written: Said;
beforeAll(async () => {
  writeFileSync(join(root, 'world.json'), JSON.stringify(CONFIG));
  written = await run(root, 'serve', [
    ...['--world', join(root, 'world.json'), '--rows', String(ROWS), '--into', rows],
  ]);
});

describe('serve --into', () => {
  it('writes a folder that is served, with the most frequent features as labels', async () => {
    expect([written.code, written.stdout]).toEqual([0, '']);
    expect(lastOf(written.stderr)).toBe(`{"written":${ROWS}}`);
    const { spans, d, rows: count } = openActivations(rows);
    expect([d, count]).toEqual([48, ROWS]);
    const labels = [...spans[0].columns.keys()];
    expect(labels.length).toBe(24);
    expect(labels).toContain('label.0');
    const served = await run(root, 'serve', ['--world', `activations:${rows}`, '--rows', '2048']);
    expect(served.code).toBe(0);
    // Frames of 1,024 rows of 48 numbers, each with a header, after that of the stream.
    expect(served.stdout.length).toBe(16 + 2 * (16 + 1024 * 48 * 4));
  });

  it('refuses a folder that has files, and to write without a number of rows', async () => {
    const again = await run(root, 'serve', ['--world', 'tiny', '--rows', '10', '--into', rows]);
    expect([again.code, lastOf(again.stderr)]).toEqual([
      2,
      `error: ${rows}: has files already; name a new folder`,
    ]);
    const none = await run(root, 'serve', ['--world', 'tiny', '--into', join(root, 'none')]);
    expect(none.code).toBe(2);
    expect(existsSync(join(root, 'none'))).toBe(false);
  });
});

describe('the judge on rows', () => {
  it('gives the numbers that it announces, on rows that are held out', async () => {
    const { repo, dir } = await repository();
    const said = await judge(repo, dir);
    expect(said.stderr).toBe('');
    const verdict = Verdict.parse(lastLine(said));
    expect(JSON.parse(readFileSync(join(dir, 'verdict.json'), 'utf8'))).toEqual(verdict);
    expect(verdict).toMatchObject({
      kind: 'verified',
      world: { name: `activations:${rows}`, kind: 'rows' },
      observed: { width: 20, samples: 10_240 },
    });
    expect(Object.keys(verdict.metrics).sort()).toEqual([...ROW_FIELDS.metrics].sort());
    // Half as many labels as latents: the most frequent ones, each of which has its latent.
    expect(verdict.metrics).toMatchObject({ probes: 10, dead_latents: 0, batch_dependence: 0 });
    expect(verdict.metrics.probe_f1).toBeGreaterThan(0.97);
    expect(verdict.metrics.explained_variance).toBeGreaterThan(0.8);
    const heldOut = Array.from({ length: Math.ceil(ROWS / 1024) }, (_, block) => block)
      .filter((block) => isHeldOut(SPLIT, block))
      .reduce((sum, block) => sum + Math.min(1024, ROWS - 1024 * block), 0);
    expect(heldOut).toBeLessThan(20_000);
    expect(verdict.evaluation).toMatchObject({ samples: heldOut, all: true });
    expect(verdict.groups?.['kind of label']?.[0]).toMatchObject({ name: 'labels', count: 10 });
  });

  it('announces them before anything is measured', async () => {
    const { repo } = await repository();
    const said = await run(repo, 'judge', ['--describe', '--profile', 'tiny']);
    expect(lastLine(said)).toEqual(JSON.parse(JSON.stringify(ROW_FIELDS)));
  });

  it('names file and row of a held-out number that is not finite, as a fault of ours', async () => {
    const { repo, dir } = await repository();
    const broken = join(root, 'broken');
    mkdirSync(broken);
    const bytes = readFileSync(join(rows, 'shard-00000.safetensors'));
    const x = 8 + Number(bytes.readBigUInt64LE(0));
    // Of all rows of a block that is held out: which of them are judged depends on the key.
    const block = 11;
    for (let row = 0; row < 1024; row++) bytes.writeFloatLE(Number.NaN, x + (block * 1024 + row) * 48 * 4);
    writeFileSync(join(broken, 'a.safetensors'), bytes);
    const task = readFileSync(join(repo, 'TASK.md'), 'utf8');
    writeFileSync(join(repo, 'TASK.md'), task.replace(`activations:${rows}`, `activations:${broken}`));
    const said = await judge(repo, dir, '--samples', '100000');
    expect(said.code).toBe(75);
    expect(said.stderr).toMatch(
      /^error: \S+\/a\.safetensors: row 1[12]\d{3} has a number that is not finite/,
    );
    expect(existsSync(join(dir, 'verdict.json'))).toBe(false);
  });
});

describe('drawWorld on rows', () => {
  const draw = (repo: string, out: string, n: number) =>
    run(repo, 'draw-world', ['--profile', 'tiny', '--draw', String(n), '--out', out], KEY);

  it('draws a part that is judged as secret, by its hash, and shows no part of the numbers', async () => {
    const { repo } = await repository();
    const out = join(root, 'part');
    const { hash } = lastLine(await draw(repo, out, 0)) as { hash: string };
    expect(statSync(out).mode & 0o077).toBe(0);
    const there = await repository(hash);
    const verdict = Verdict.parse(lastLine(await judge(there.repo, there.dir, '--world', out)));
    expect(verdict).toMatchObject({ kind: 'confirmed', world: { kind: 'secret', hash } });
    expect(verdict.world.name).toBe(`activations:${rows}, secret part`);
    expect([verdict.groups, verdict.tables]).toEqual([undefined, undefined]);
    // Another part is not the one that the run was trained on.
    const other = join(root, 'other-part');
    await draw(repo, other, 1);
    const refused = await judge(there.repo, there.dir, '--world', other);
    expect(refused).toMatchObject({ code: 75, stdout: '' });
    expect(refused.stderr).toContain('is not the secret world that the-run was trained on');
    // Without a part, the run is not judged on the public rows.
    expect((await judge(there.repo, there.dir)).stderr).toContain('was trained on a secret world');
  });

  it('turns its rows, so a dictionary of the folder is worth nothing there, and one of the part is', async () => {
    const { repo } = await repository();
    const out = join(root, 'turned-part');
    const { hash } = lastLine(await draw(repo, out, 0)) as { hash: string };
    const f1 = async (turn?: Rotation): Promise<number> => {
      const there = await repository(hash, turn);
      const said = await judge(there.repo, there.dir, '--world', out);
      return Verdict.parse(lastLine(said)).metrics.probe_f1;
    };
    expect(await f1()).toBeLessThan(0.6);
    expect(await f1(openRowsWorld(out).rotate ?? undefined)).toBeGreaterThan(0.97);
    // What is served there can be trained on: its features are those of the turned dictionary.
    const served = async (world: string): Promise<Float32Array> => {
      const { stdout } = await run(repo, 'serve', ['--world', world, '--rows', '1024']);
      return new Float32Array(Uint8Array.from(Buffer.from(stdout, 'latin1')).buffer, 32);
    };
    const norms = [out, `activations:${rows}`].map(async (world) => {
      const x = await served(world);
      return x.reduce((sum, value) => sum + value * value, 0) / 1024;
    });
    const [turned, plain] = await Promise.all(norms);
    expect(Math.abs(turned / plain - 1)).toBeLessThan(0.1);
  });

  it('serves the rows of its own split', async () => {
    const { repo } = await repository();
    const out = join(root, 'served-part');
    await draw(repo, out, 2);
    const served = await run(repo, 'serve', ['--world', out, '--rows', '120000']);
    const { distinct } = JSON.parse(lastOf(served.stderr)).served;
    const all = await run(repo, 'serve', ['--world', `activations:${rows}`, '--rows', '120000']);
    const { distinct: inPublic } = JSON.parse(lastOf(all.stderr)).served;
    expect(distinct).toBeLessThan(inPublic);
    expect(distinct).toBeGreaterThan(0.5 * ROWS);
  });
});
