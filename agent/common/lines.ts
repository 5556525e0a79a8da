import { existsSync, fstatSync, ftruncateSync, readFileSync, writeSync } from 'node:fs';

/**
 * The whole lines of a file, without their ends; a last one that a crash left half-written is none. No file
 * has no lines.
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

/** How many bytes these lines are in their file. */
export const bytesOf = (lines: readonly Buffer[]): number =>
  lines.reduce((sum, line) => sum + line.length + 1, 0);

/**
 * Appends one line to a file that is open for that. Whole or not at all: where the disk is full, what was
 * written of it is taken back, or the next line would be glued to it.
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
