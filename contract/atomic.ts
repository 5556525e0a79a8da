import {
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

/**
 * Writes a whole file or nothing: a temporary file beside it, fsync, rename. A reader sees the old or the new
 * content, never a half. Creates the folder.
 */
export function writeFileAtomic(path: string, content: string | Uint8Array | readonly Uint8Array[]): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  // Removed first: through a link that someone put there we would write elsewhere.
  rmSync(temporary, { recursive: true, force: true });
  const parts = Array.isArray(content) ? content : [content as string | Uint8Array];
  const fd = openSync(temporary, 'wx');
  try {
    for (const part of parts) {
      const bytes = typeof part === 'string' ? Buffer.from(part) : part;
      for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done);
    }
    fsyncSync(fd);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, path);
}

/** Has a file hold this: written as above where it does not, and left alone where it does. */
export function keepFile(path: string, content: string | Uint8Array): void {
  const isFile = lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
  if (isFile && readFileSync(path).equals(Buffer.from(content))) return;
  writeFileAtomic(path, content);
}

/** JSON with two spaces and a final newline, written whole or not at all. */
export function writeJsonAtomic(path: string, value: unknown): void {
  writeFileAtomic(path, `${JSON.stringify(value, null, 2)}\n`);
}

/** The pid in the name of a temporary file of writeFileAtomic; null for any other name. */
export function writerOf(name: string): number | null {
  const match = /\.(\d+)\.tmp$/.exec(name);
  return match && Number(match[1]);
}
