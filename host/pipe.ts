import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cleanEnv } from './env.ts';

/**
 * Makes a kernel pipe between two children. Give `readFd` to one and `writeFd` to the other, then close both
 * here, or the reader never sees the end. Both ends block. The pipes that Node makes are non-blocking
 * sockets, on which a child's plain `read` fails with EAGAIN.
 */
export function makePipe(): { readFd: number; writeFd: number } {
  const folder = mkdtempSync(join(tmpdir(), 'pipe-'));
  const fds: number[] = [];
  try {
    const path = join(folder, 'pipe');
    makeFifo(path);
    // Opening one end blocks until the other is open, so a descriptor for both ends is opened first.
    const holder = openSync(path, constants.O_RDWR);
    fds.push(holder);
    const readFd = openSync(path, constants.O_RDONLY);
    fds.push(readFd);
    const writeFd = openSync(path, constants.O_WRONLY);
    closeSync(holder);
    return { readFd, writeFd };
  } catch (error) {
    for (const fd of fds) closeSync(fd);
    throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The folder is closed to other users already, and to set a mode mkfifo needs /proc. */
function makeFifo(path: string, env = cleanEnv()): void {
  try {
    execFileSync('mkfifo', [path], { env });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || !byKoffi(path)) throw error;
  }
}

/** Where there is no such program, by the C function; false where that cannot be called either. */
function byKoffi(path: string): boolean {
  try {
    const koffi = createRequire(import.meta.url)('koffi') as {
      load(name: null): { func(prototype: string): (path: string, mode: number) => number };
    };
    return koffi.load(null).func('int mkfifo(const char *, uint32_t)')(path, 0o600) === 0;
  } catch {
    return false;
  }
}
