import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const MAX_LINES = 2000;
export const MAX_BYTES = 50 * 1024;

/**
 * What the model sees of a long text: the last 2,000 lines or 50 KB, whichever is less. A longer text is
 * written whole to a file in `folder`, which the first line names.
 */
export function capped(text: string, folder: string, name: string): string {
  const kept = tail(text);
  if (kept === text) return text;
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}.txt`);
  writeFileSync(path, text);
  const lines = (s: string) => s.split('\n').length;
  return `[the last ${lines(kept)} of ${lines(text)} lines; the full output is in ${path}]\n${kept}`;
}

/** The longest end of `text` within both limits, in whole lines where possible. */
export function tail(text: string, maxLines = MAX_LINES, maxBytes = MAX_BYTES): string {
  let kept = text.split('\n').slice(-maxLines).join('\n');
  const bytes = Buffer.from(kept);
  if (bytes.length > maxBytes) {
    let start = bytes.length - maxBytes;
    // Begin at a whole character, and at the start of a line unless one line alone is too long.
    while (((bytes[start] ?? 0) & 0xc0) === 0x80) start++;
    const nextLine = bytes.indexOf(10, start);
    if (nextLine !== -1 && nextLine < bytes.length - 1) start = nextLine + 1;
    kept = bytes.subarray(start).toString('utf8');
  }
  return kept;
}
