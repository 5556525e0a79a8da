import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  cpSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { floats, headerOf, numbered, writeShard } from './testing/shards.ts';

const root = mkdtempSync(join(tmpdir(), 'serve-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const small = join(import.meta.dirname, '../../examples/activations/small');

const command = (folder: string, ...more: string[]): string[] => [
  ...['--import', import.meta.resolve('tsx'), join(import.meta.dirname, '../cli/serve.ts')],
  ...['--world', `activations:${folder}`, ...more],
];

/** The stream, and the last line on standard error. */
function serve(folder: string, ...more: string[]): { stream: Buffer; said: string; status: number | null } {
  const { stdout, stderr, status } = spawnSync(process.execPath, command(folder, ...more), {
    maxBuffer: 1 << 28,
  });
  return { stream: stdout, said: stderr.toString().trim().split('\n').at(-1) ?? '', status };
}

describe('npm run serve -- --world activations:<folder>', () => {
  it('streams training rows, the same for the same seed and from any batch on', () => {
    const folder = join(small, 'saelens-float16');
    const whole = serve(folder, '--seed', '4', '--rows', '2000', '--batch', '64');
    expect(JSON.parse(whole.said)).toEqual({
      served: { rows: 2000, batches: 32, distinct: 528, epochs: 3.7879 },
    });
    const frame = 16 + 64 * 16 * 4;
    const later = serve(folder, '--seed', '4', '--rows', '128', '--batch', '64', '--from', '10');
    expect(later.stream.subarray(16)).toEqual(whole.stream.subarray(16 + 10 * frame, 16 + 12 * frame));
    expect(JSON.parse(later.said).served).toEqual({ rows: 128, batches: 2, distinct: 528, epochs: 1.4545 });
    const other = serve(folder, '--seed', '5', '--rows', '128', '--batch', '64');
    expect(other.stream.subarray(16)).not.toEqual(whole.stream.subarray(16, 16 + 2 * frame));
  });

  it('names file and row of a number that is not finite, and of a wrong folder, in one line', () => {
    const folder = join(root, 'nan');
    mkdirSync(folder);
    const rows = numbered(20_000, 3);
    writeShard(join(folder, 'a.safetensors'), { x: floats(rows) });
    rows[4321][2] = Number.NaN;
    writeShard(join(folder, 'b.safetensors'), { x: floats(rows) });
    const nan = serve(folder, '--rows', '40000');
    expect(nan.said).toBe(
      `error: ${folder}/b.safetensors: row 4321 has NaN at index 2 (both counted from 0)`,
    );
    expect(nan.status).toBe(2);
    cpSync(join(small, 'saelens-float32'), join(root, 'missing'), { recursive: true });
    rmSync(join(root, 'missing/data-00003-of-00004.arrow'));
    const missing = serve(join(root, 'missing'));
    expect(missing.said).toBe(`error: ${root}/missing/data-00003-of-00004.arrow: this shard is missing`);
    expect(missing.status).toBe(2);
    expect(missing.stream.length).toBe(0);
  });

  it('has no truth: the judge refuses it', () => {
    const ceiling = join(import.meta.dirname, '../cli/ceiling.ts');
    const { stderr, status } = spawnSync(
      process.execPath,
      ['--import', import.meta.resolve('tsx'), ceiling, '--world', `activations:${small}`],
      { encoding: 'utf8' },
    );
    expect(stderr).toMatch(/^error: the world "activations:.*" has rows and no true features.*\n$/);
    expect(status).toBe(2);
  });
});

/** A folder of 100 GB that takes no disk: behind its headers the files have holes. */
function sparse(): string {
  const folder = join(root, 'sparse');
  mkdirSync(folder);
  const [rows, d] = [8_140_000, 768];
  for (let shard = 0; shard < 4; shard++) {
    const bytes = rows * d * 4;
    const header = headerOf({ x: { dtype: 'F32', shape: [rows, d], bytes } });
    const fd = openSync(join(folder, `shard-${shard}.safetensors`), 'w');
    writeSync(fd, header);
    ftruncateSync(fd, header.length + bytes);
    closeSync(fd);
  }
  return folder;
}

it.skipIf(process.platform !== 'linux')('serves a folder of 100 GB within 1 GB of memory', async () => {
  const service = spawn(process.execPath, command(sparse(), '--from', '20000', '--batch', '1024'), {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let bytes = 0;
  let peak = 0;
  for await (const chunk of service.stdout) {
    bytes += chunk.length;
    // Six windows: the two buffers are in use, and have been changed.
    if (bytes < 6 * (128 << 20)) continue;
    peak = Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${service.pid}/status`, 'utf8'))?.[1]);
    break;
  }
  expect(peak).toBeGreaterThan(2 * (128 << 10));
  expect(peak).toBeLessThan(1 << 20);
  const disk = Number(execFileSync('du', ['-sk', join(root, 'sparse')], { encoding: 'utf8' }).split('\t')[0]);
  expect(disk).toBeLessThan(1 << 10);
});
