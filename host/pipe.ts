import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
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
    // The folder is closed to other users already, and to set a mode mkfifo needs /proc.
    execFileSync('mkfifo', [path], { env: cleanEnv() });
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
