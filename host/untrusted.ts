import { closeSync, constants, existsSync, fstatSync, openSync, readlinkSync, readSync } from 'node:fs';

/**
 * Opens a file that untrusted code may have put there. It never follows a symbolic link and never opens a
 * FIFO (which would block us) or a device, so that a run cannot make us read another file. Null where there
 * is no plain file.
 */
export function openUntrusted(path: string, statOf = fstatSync): { fd: number; size: number } | null {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return null;
  }
  try {
    const stat = statOf(fd);
    if (stat.isFile()) return { fd, size: stat.size };
  } catch {
    // On a shared file system it may have been removed elsewhere since.
  }
  closeSync(fd);
  return null;
}

/** The text of such a file; null where there is no plain file or it is larger than `maxBytes`. */
export function readUntrusted(path: string, maxBytes: number): string | null {
  const file = openUntrusted(path);
  if (!file) return null;
  try {
    // One byte more than allowed: the file may grow while it is read.
    const bytes = Buffer.alloc(Math.min(file.size, maxBytes) + 1);
    let length = 0;
    for (let n = -1; n !== 0 && length < bytes.length; length += n) {
      n = readSync(file.fd, bytes, length, bytes.length - length, length);
    }
    return length > maxBytes ? null : bytes.toString('utf8', 0, length);
  } finally {
    closeSync(file.fd);
  }
}

/**
 * Whether an open file lies at a path without links, as the kernel says: a trainer that runs may have put a
 * link there, or on the way, while it was opened, and taken it away. True where the system does not tell.
 */
export function liesAt(fd: number, path: string): boolean {
  const place = `/proc/self/fd/${fd}`;
  return !existsSync('/proc/self/fd') || readlinkSync(place) === path;
}
