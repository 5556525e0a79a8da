import { readFileSync } from 'node:fs';
import { hintsPath } from '../common/paths.ts';

/** The part of HINTS.md that is read, counted from its end: what was added last matters most. */
export const MAX_CHARS = 20_000;

/** The end of HINTS.md, up to the length that is read; empty where there is no such file. */
export const readHints = (repo: string): string => tail(wholeHints(repo));

/** A file that cannot be read, also for the moment in which an editor replaces it, counts as empty. */
export function wholeHints(repo: string): string {
  try {
    return readFileSync(hintsPath(repo), 'utf8').trim();
  } catch {
    return '';
  }
}

/** The end of a text, from the beginning of a line where possible. */
export function tail(text: string): string {
  if (text.length <= MAX_CHARS) return text;
  const end = text.slice(-MAX_CHARS);
  return end.slice(end.indexOf('\n') + 1);
}
