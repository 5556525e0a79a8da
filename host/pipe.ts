import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A pipe of the kernel between two children. Give `readFd` to one and `writeFd` to the other, then close both
 * here, or the reader never sees the end. Both ends block: the pipes that Node makes are sockets that do not,
 * and a child that reads with plain `read` fails on those with EAGAIN.
 */
export function makePipe(): { readFd: number; writeFd: number } {
  const folder = mkdtempSync(join(tmpdir(), 'pipe-'));
  const fds: number[] = [];
  try {
    const path = join(folder, 'pipe');
    // The folder is closed to others already; a mode would need /proc to be set.
    execFileSync('mkfifo', [path]);
    // Opening one end waits for the other; an end that is both holds the door.
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
