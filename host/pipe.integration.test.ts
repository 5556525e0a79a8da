import { closeSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import { type Child, collect, startChild } from './child.ts';
import { cleanEnv } from './env.ts';
import { makePipe } from './pipe.ts';

const folder = mkdtempSync(join(tmpdir(), 'pipe-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Two children joined by a pipe, and our own ends closed. */
function join2(writer: string, reader: string): { writer: Child; reader: Child } {
  const { readFd, writeFd } = makePipe();
  const start = (script: string, more: object) =>
    startChild({ argv: ['bash', '-c', script], cwd: folder, env: cleanEnv(), ...more });
  const children = {
    writer: start(writer, { stdio: { stdout: writeFd, stderr: 'pipe' } }),
    reader: start(reader, { fds: { 3: readFd }, stdio: { stdout: 'pipe' } }),
  };
  closeSync(readFd);
  closeSync(writeFd);
  return children;
}

it('carries every byte and ends when the writer does', async () => {
  const { reader, writer } = join2('head -c 5000000 /dev/zero', 'wc -c <&3');
  expect((await collect(reader.stdout!, reader.done)).trim()).toBe('5000000');
  expect((await writer.done).code).toBe(0);
});

it('breaks for the writer when the reader goes', async () => {
  const { reader, writer } = join2('exec cat /dev/zero', 'head -c 10 <&3 >/dev/null');
  expect((await reader.done).code).toBe(0);
  expect((await writer.done).signal).toBe('SIGPIPE');
});

it('blocks at both ends, so that a plain read waits for data', async () => {
  const { reader } = join2('sleep 0.3; echo late', 'grep flags /proc/self/fdinfo/3; head -n 1 <&3');
  const [flags, line] = (await collect(reader.stdout!, reader.done)).trim().split('\n');
  // O_NONBLOCK is 04000.
  const [, octal] = /^flags:\s+(\d+)$/.exec(flags ?? '') ?? [];
  expect(Number.parseInt(octal ?? 'none', 8) & 0o4000, flags).toBe(0);
  expect(line).toBe('late');
});

it('leaves nothing behind', () => {
  // Other tests make pipes at the same time.
  const own = join(folder, 'own');
  mkdirSync(own);
  vi.stubEnv('TMPDIR', own);
  const count = () => readdirSync('/proc/self/fd').length;
  const before = count();
  for (let i = 0; i < 5; i++) {
    const { readFd, writeFd } = makePipe();
    closeSync(readFd);
    closeSync(writeFd);
  }
  vi.unstubAllEnvs();
  // What an earlier test has left may close meanwhile.
  expect(count()).toBeLessThanOrEqual(before);
  expect(readdirSync(own)).toEqual([]);
});
