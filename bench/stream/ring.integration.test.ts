import { execFileSync, type StdioOptions, spawn } from 'node:child_process';
import { fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { encodeFrameHeader, encodeStreamHeader } from '#contract/stream';
import { type DataChannel, openDataChannel } from '#host/data-channel';
import { openStream } from './reader.ts';
import { RingWriter } from './ring-writer.ts';

const channels: DataChannel[] = [];
afterEach(() => {
  for (const channel of channels.splice(0)) channel.close();
});

function channel() {
  const opened = openDataChannel(true);
  channels.push(opened);
  const { service, trainer } = opened;
  return {
    opened,
    writes: { fd: service.stdout, ends: { data: service.fds[3], freed: service.fds[4] } },
    reads: { fd: trainer.fds[3], ends: { data: trainer.fds[4], freed: trainer.fds[5] } },
  };
}

const header = { d: 3, batchRows: 4 };
const frame = (index: number, rows = 4) => {
  const x = Float32Array.from({ length: rows * 3 }, (_, i) => index * 100 + i);
  return { bytes: Buffer.concat([encodeFrameHeader(rows, index), Buffer.from(x.buffer)]), rows };
};

const loader = import.meta.resolve('tsx');
const module = JSON.stringify(new URL('./reader.ts', import.meta.url).href);

/** The words of a program that opens the stream of a descriptor, and then does what the script says. */
const reading = (fd: number, script: string, before = ''): string[] => [
  ...['--import', loader, '--input-type=module', '-e'],
  `${before}const { openStream } = await import(${module}); const reader = openStream(${fd});\n${script}`,
];

/** Hides a package from a program. */
const hiding = (name: string): string => `import M from 'node:module'; const r = M._resolveFilename;
  M._resolveFilename = (n, ...a) => { if (n === '${name}') throw new Error('absent'); return r(n, ...a); };`;

/** Reads a stream in a process of its own, with or without the package that maps memory. */
function reader({ trainer }: DataChannel, script: string, without = '') {
  const stdio: StdioOptions = ['ignore', 'pipe', 'pipe', trainer.fds[3], trainer.fds[4], trainer.fds[5]];
  const child = spawn(process.execPath, reading(3, script, without && hiding(without)), {
    stdio,
    env: { PATH: process.env.PATH, ...trainer.env },
  });
  let out = '';
  let err = '';
  child.stdout?.on('data', (chunk) => (out += chunk));
  child.stderr?.on('data', (chunk) => (err += chunk));
  return new Promise<{ out: string; err: string; code: number | null; signal: string | null }>((resolve) =>
    child.on('close', (code, signal) => resolve({ out, err, code, signal })),
  );
}

/** The command of the service, for rows of one small stream. */
const serve = (rows: number, ...more: string[]): string[] => [
  ...['../../host/start.mjs', '../cli/serve.ts'].map((path) => join(import.meta.dirname, path)),
  ...['--profile', 'small', '--seed', '5', '--batch', '256', '--rows', String(rows), ...more],
];

/** Frames as the service sends them, from a process of its own. */
function service({ service: { stdout, fds, words } }: DataChannel, rows: number) {
  const child = spawn(process.execPath, serve(rows, ...words), {
    stdio: ['ignore', stdout, 'pipe', fds[3], fds[4]],
  });
  let err = '';
  child.stderr?.on('data', (chunk) => (err += chunk));
  return new Promise<{ err: string; code: number | null }>((resolve) =>
    child.on('close', (code) => resolve({ err, code })),
  );
}

describe('a ring in shared memory', () => {
  it.each(['', 'koffi'])(
    'carries the bytes that the pipe would, to a reader without "%s"',
    async (without) => {
      const { opened } = channel();
      const hash = `import { createHash } from 'node:crypto'; const h = createHash('sha256'); let n = 0;
      for (let b = reader.next(); b; b = reader.next()) { h.update(new Uint8Array(b.x.buffer, b.x.byteOffset, b.x.byteLength)); n += b.batchIndex; }
      console.log(h.digest('hex'), n, reader.rowsRead);`;
      const [read, served] = [reader(opened, hash, without), service(opened, 6000)];
      opened.close();
      const { out, err } = await read;
      const told = await served;
      expect([err, told.code]).toEqual(['', 0]);
      expect(JSON.parse(told.err.trim().split('\n').at(-1) ?? '')).toEqual({
        served: { rows: 6000, batches: 24 },
      });
      const stdio: StdioOptions = ['ignore', 'pipe', 'ignore'];
      const input = execFileSync(process.execPath, serve(6000), { maxBuffer: 1 << 26, stdio });
      const piped = execFileSync(process.execPath, reading(0, hash), { input });
      expect(out).toBe(String(piped));
      expect(out).toMatch(/ 276 6000\n$/);
    },
  );

  it('is read-only for its reader: a write ends that process and not the service', async () => {
    const { opened } = channel();
    const [read, served] = [
      reader(opened, 'reader.next().x[0] = 1; console.log("written");'),
      service(opened, 100_000),
    ];
    opened.close();
    expect(await read).toMatchObject({ out: '', signal: 'SIGSEGV' });
    expect((await served).code).toBe(0);
  });

  it('ends its service when the reader goes, also while that waits for a free slot', async () => {
    const { opened } = channel();
    const [read, served] = [
      reader(opened, 'reader.next(); setTimeout(() => {}, 300);'),
      service(opened, 10_000_000),
    ];
    opened.close();
    expect(await read).toMatchObject({ code: 0 });
    const { code, err } = await served;
    expect(code).toBe(0);
    const { served: count } = JSON.parse(err.trim().split('\n').at(-1) ?? '');
    expect(count.rows).toBeLessThanOrEqual(10 * 256);
  });

  it('hands over its frames, and then the end: whole, or an error in the middle of a frame', () => {
    for (const damaged of [false, true]) {
      const { opened, writes, reads } = channel();
      writeSync(writes.fd, encodeStreamHeader(header, 3));
      for (const [slot, { bytes }] of [frame(7), frame(8, 2)].entries()) {
        writeSync(writes.ends.data, bytes, 16, bytes.length - 16, slot * 48);
        writeSync(writes.fd, bytes, 0, 16);
      }
      ftruncateSync(writes.ends.data, 3 * 48);
      if (damaged) writeSync(writes.fd, Buffer.alloc(3));
      // Read through descriptors of our own: those of the writer are closed.
      const again = (fd: number, flags: string) => openSync(`/proc/self/fd/${fd}`, flags);
      const ends = { data: again(reads.ends.data, 'r'), freed: again(writes.ends.freed, 'r+') };
      const ring = openStream(again(reads.fd, 'r'), ends);
      opened.close();
      expect(ring.next()).toMatchObject({ rows: 4, batchIndex: 7 });
      expect([...(ring.next()?.x ?? [])]).toEqual([800, 801, 802, 803, 804, 805]);
      if (damaged) expect(() => ring.next()).toThrow('it ends in the middle of a frame, after 6 rows');
      else expect(ring.next()).toBeNull();
      ring.close();
    }
  });

  it('believes no count of freed frames but the next', () => {
    for (const count of [0n, 2n, 9n, 2n ** 64n - 1n]) {
      const { writes, reads } = channel();
      const writer = RingWriter.open(writes.fd, header, writes.ends);
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64LE(count);
      writeSync(reads.ends.freed, bytes);
      for (let i = 0; i < 8; i++) writer?.send(frame(i));
      expect(() => writer?.send(frame(8))).toThrow(
        `says that it freed ${count} frames after 0; it ends here`,
      );
    }
  });

  it('is the pipe where a ring would need too much memory', () => {
    const { writes, reads } = channel();
    expect(RingWriter.open(writes.fd, { d: 4096, batchRows: 4096 }, writes.ends)).toBeNull();
    expect(fstatSync(reads.ends.data).size).toBe(0);
  });

  it.each([
    ['no slots', [0, 0], /a ring of 0 slots/],
    ['more slots than there are', [65, 0], /a ring of 65 slots/],
    ['a file that is too small', [8, 0], /its ring is smaller than 8 batches/],
  ])('refuses %s', (_, [slots], message) => {
    const { writes, reads } = channel();
    const bytes = encodeStreamHeader(header, 1);
    bytes.writeUInt32LE(slots, 16);
    writeSync(writes.fd, bytes);
    expect(() => openStream(reads.fd, reads.ends)).toThrow(message);
  });

  it('whose memory is not shared is refused', () => {
    const { writes, reads } = channel();
    writeSync(writes.fd, encodeStreamHeader(header, 1));
    expect(() => openStream(reads.fd, null)).toThrow('lie in a ring in memory that is not shared here');
  });
});
