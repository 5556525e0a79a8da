import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { OWN_FAULT } from '#contract/errors';
import { encodeStreamHeader } from '#contract/stream';
import { chooseDevice } from '#engine/opencl/devices';
import { noDevice } from '#engine/opencl/testing/here';
import { makePipe } from '#host/pipe';
import { openStream } from './reader.ts';

const root = mkdtempSync(join(tmpdir(), 'stream-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function read(bytes: Uint8Array): { rows: number[]; indices: number[]; numbers: number[]; rowsRead: number } {
  const path = join(root, 'read');
  writeFileSync(path, bytes);
  const fd = openSync(path, 'r');
  const reader = openStream(fd);
  const out = { rows: [] as number[], indices: [] as number[], numbers: [] as number[], rowsRead: 0 };
  try {
    for (let batch = reader.next(); batch; batch = reader.next()) {
      out.rows.push(batch.rows);
      out.indices.push(batch.batchIndex);
      out.numbers.push(...batch.x);
    }
    expect(reader.next()).toBeNull();
    return { ...out, rowsRead: reader.rowsRead };
  } finally {
    reader.close();
  }
}

const loader = import.meta.resolve('tsx');
const serve = join(import.meta.dirname, '../cli/serve.ts');
const config = join(root, 'world.json');
writeFileSync(config, JSON.stringify({ num_features: 30, hidden_dim: 6, seed: 1 }));
const args = [join(import.meta.dirname, '../../host/start.mjs'), serve, '--world', config, '--batch', '64'];

/** A program that reads a stream on descriptor 0 and then does what the script says. */
function reading(script: string): string[] {
  const module = new URL('./reader.ts', import.meta.url).href;
  return [
    '--import',
    loader,
    '--input-type=module',
    '-e',
    `import { openStream } from ${JSON.stringify(module)};\n${script}`,
  ];
}

describe('the data service', () => {
  it('gives the same rows for the same seed, from any batch on, on any number of threads', () => {
    const run = (...more: string[]): Buffer =>
      execFileSync(process.execPath, [...args, ...more], { stdio: ['ignore', 'pipe', 'ignore'], cwd: root });
    const whole = run('--seed', '5', '--rows', '300');
    expect(read(whole).rows).toEqual([64, 64, 64, 64, 44]);
    expect(run('--seed', '5', '--rows', '300')).toEqual(whole);
    const later = run('--seed', '5', '--rows', '64', '--from', '2');
    expect(read(later).indices).toEqual([2]);
    expect(read(later).numbers).toEqual(read(whole).numbers.slice(2 * 64 * 6, 3 * 64 * 6));
    for (const threads of ['1', '3'])
      expect(run('--seed', '5', '--rows', '300', '--threads', threads)).toEqual(whole);
    expect(run('--seed', '6', '--rows', '64')).not.toEqual(run('--seed', '5', '--rows', '64'));
  });

  it.skipIf(noDevice !== null)('is drawn on a device where it is named, by batch index, and says so', () => {
    const served = (...more: string[]) => {
      const { stdout, stderr } = spawnSync(process.execPath, [...args, '--seed', '5', ...more], {
        cwd: root,
      });
      const said = stderr.toString().trim().split('\n').at(-1) ?? '';
      return { numbers: read(stdout).numbers, said: JSON.parse(said).served };
    };
    const whole = served('--rows', '300', '--sampler', 'device');
    expect(whole.said).toEqual({ rows: 300, batches: 5, drawnBy: expect.stringMatching(/, driver ./) });
    const later = served('--rows', '64', '--from', '2', '--sampler', 'device');
    expect(later.numbers).toEqual(whole.numbers.slice(2 * 64 * 6, 3 * 64 * 6));
    const processor = served('--rows', '300', '--sampler', 'processor');
    expect(processor.said).toEqual({ rows: 300, batches: 5 });
    expect(processor.numbers).not.toEqual(whole.numbers);
    // A driver in software is never chosen by itself.
    if (chooseDevice().kind === 'software') expect(served('--rows', '300')).toEqual(processor);
  });

  it.each([
    ['--batch', '300000000', 65_536],
    ['--threads', '100000', 64],
  ])('refuses %s %s in one line', (option, value, most) => {
    const { status, stderr } = spawnSync(process.execPath, [...args, option, value], { encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stderr).toMatch(new RegExp(`^error: option '${option} .* It must be at most ${most}\\..*\\n$`));
  });

  it('waits for its reader in the kernel, though Node has set standard output not to block', async () => {
    const pipe = makePipe();
    const module = new URL('./writer.ts', import.meta.url).href;
    // The states of all descriptors of that pipe that can be written to, then the stream.
    const script = `import { readdirSync, readFileSync, readlinkSync, writeSync } from 'node:fs';
      import { StreamWriter } from ${JSON.stringify(module)};
      process.stdout;
      const writer = new StreamWriter(1, { d: 1, batchRows: 1 });
      const link = (fd) => { try { return readlinkSync('/proc/self/fd/' + fd); } catch {} };
      const flags = readdirSync('/proc/self/fd').filter((fd) => link(fd) === link(1))
        .map((fd) => Number.parseInt(/flags:\\s+(\\d+)/.exec(readFileSync('/proc/self/fdinfo/' + fd, 'utf8'))[1], 8));
      writeSync(2, JSON.stringify(flags.map((f) => ({ writes: f & 3, waits: (f & 0o4000) === 0 }))));
      try { for (;;) writer.send({ bytes: new Uint8Array(1 << 20), rows: 1 }); } catch (error) { writeSync(2, error.code); }`;
    const child = spawn(process.execPath, ['--import', loader, '--input-type=module', '-e', script], {
      stdio: ['ignore', pipe.writeFd, 'pipe'],
    });
    closeSync(pipe.writeFd);
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk;
      // The test closes the read end once the stream is under way.
      if (said.endsWith(']')) closeSync(pipe.readFd);
    });
    await new Promise((resolve) => child.on('close', resolve));
    expect(said).toMatch(/EPIPE$/);
    expect(JSON.parse(said.slice(0, -'EPIPE'.length))).toContainEqual({ writes: 1, waits: true });
  });

  it('ends quietly when its reader goes, and the reader when it has enough', async () => {
    const service = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: root });
    let lines = '';
    service.stderr.on('data', (chunk: Buffer) => {
      lines += chunk;
    });
    // The test closes its own read end once the reader has one, so that the service notices when the reader
    // ends.
    const reader = spawn(
      process.execPath,
      reading(
        'const r = openStream(0); for (let i = 0; i < 3; i++) r.next(); console.log(r.rowsRead, r.header.d);',
      ),
      { stdio: [service.stdout, 'pipe', 'inherit'] },
    );
    service.stdout.destroy();
    const said = await new Promise<string>((resolve) => {
      reader.stdout.on('data', (chunk: Buffer) => resolve(String(chunk)));
    });
    expect(said).toBe('192 6\n');
    const code = await new Promise((resolve) => service.on('close', resolve));
    expect(code).toBe(0);
    const { served } = JSON.parse(lines.trim().split('\n').at(-1)!);
    expect(served.rows).toBe(served.batches * 64);
    expect(served.rows).toBeGreaterThanOrEqual(192);
  });

  it.each(['pipe', 'socket'])('does not keep a reader alive whose writer says nothing (%s)', async (kind) => {
    const pipe = kind === 'pipe' ? makePipe() : null;
    const reader = spawn(process.execPath, reading('openStream(0); console.log("open");'), {
      stdio: [pipe ? pipe.readFd : 'pipe', 'ignore', 'inherit'],
    });
    // The writer stays open and silent.
    const header = encodeStreamHeader({ d: 3, batchRows: 4 });
    if (pipe) writeSync(pipe.writeFd, header);
    else reader.stdin?.write(header);
    const code = await new Promise((resolve) => reader.on('exit', resolve));
    expect(code).toBe(0);
    for (const fd of pipe ? [pipe.readFd, pipe.writeFd] : []) closeSync(fd);
    reader.stdin?.destroy();
  });

  it('is let go by a reader that closes, though the reader lives on', async () => {
    const pipe = makePipe();
    const service = spawn(process.execPath, args, { stdio: ['ignore', pipe.writeFd, 'ignore'], cwd: root });
    const reader = spawn(
      process.execPath,
      reading('const r = openStream(0); r.next(); r.close(); setInterval(() => {}, 1000);'),
      { stdio: [pipe.readFd, 'ignore', 'inherit'] },
    );
    closeSync(pipe.readFd);
    closeSync(pipe.writeFd);
    expect(await new Promise((resolve) => service.on('exit', resolve))).toBe(0);
    expect(reader.exitCode).toBeNull();
    reader.kill();
  });

  it.each([
    [['--rows', '0'], 'at least 1'],
    [['--frobnicate'], 'unknown option'],
    [['--world', 'nowhere'], 'unknown world "nowhere"'],
    [['--world', '/nowhere.json'], '/nowhere.json: cannot be read (ENOENT)'],
    [['--world', '/nowhere'], 'unknown world "/nowhere"'],
    [['--world', '/nowhere', '--profile', 'small'], 'unknown world "/nowhere"', OWN_FAULT],
  ])('refuses %j', (more, message, status = 2) => {
    let error: { status: number; stdout: string; stderr: string } | undefined;
    try {
      execFileSync(process.execPath, [...args, ...more], { encoding: 'utf8', stdio: 'pipe', cwd: root });
    } catch (reason) {
      error = reason as typeof error;
    }
    expect(error?.status).toBe(status);
    expect(error?.stdout).toBe('');
    expect(error?.stderr).toContain(message);
    expect(error?.stderr.trim().split('\n')).toHaveLength(1);
  });
});
