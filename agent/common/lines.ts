import { existsSync, fstatSync, ftruncateSync, readFileSync, writeSync } from 'node:fs';

/**
 * The complete lines of a file, without their line ends. A last line that a crash left incomplete is
 * dropped. A missing file has no lines.
 */
export function wholeLines(path: string): Buffer[] {
  if (!existsSync(path)) return [];
  const content = readFileSync(path);
  const lines: Buffer[] = [];
  for (let from = 0, end = content.indexOf(10); end !== -1; end = content.indexOf(10, from)) {
    lines.push(content.subarray(from, end));
    from = end + 1;
  }
  return lines;
}

/** The size of these lines in their file, in bytes. */
export const bytesOf = (lines: readonly Buffer[]): number =>
  lines.reduce((sum, line) => sum + line.length + 1, 0);

/**
 * Appends one line to an open file, completely or not at all. Where the disk is full, the written part is
 * removed, since the next line would be joined to it.
 */
export function appendLine(fd: number, line: string): void {
  const bytes = Buffer.from(`${line}\n`);
  const { size } = fstatSync(fd);
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
  } catch (error) {
    ftruncateSync(fd, size);
    throw error;
  }
}
