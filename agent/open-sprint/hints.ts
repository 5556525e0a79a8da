import { readFileSync } from 'node:fs';
import { hintsPath } from '../common/paths.ts';

/** So much of the end of HINTS.md is read: what was added last counts most. */
export const MAX_CHARS = 20_000;

/** What stands before a hint where one is passed on between two turns; the hint begins a line of its own. */
export const ADDED = 'A hint from the people you work for, added just now:';

/** What stands in HINTS.md now, from its end as much as is read; nothing where there is none. */
export const readHints = (repo: string): string => tail(whole(repo));

/** Follows HINTS.md during a sprint. */
export class Hints {
  #known: string;

  /**
   * `heard`: what we have said in the conversation so far. Lines that it holds are known; the rest was added
   * while the loop was away.
   */
  constructor(
    readonly repo: string,
    heard: readonly string[],
  ) {
    const told = new Set(heard.flatMap((text) => text.split('\n').map((line) => line.trim())));
    const now = whole(repo);
    // What was cut off by its length is not told later either.
    const cut = now.slice(0, now.length - tail(now).length);
    const lines = tail(now).split('\n');
    const first = lines.findIndex((line) => !told.has(line.trim()));
    this.#known = (cut + (first === -1 ? lines : lines.slice(0, first)).join('\n')).trim();
  }

  /**
   * What is new since the last look: the lines that were added at the end, or all of it where it was
   * rewritten.
   */
  fresh(): string | null {
    const now = whole(this.repo);
    const before = this.#known;
    if (now === before) return null;
    this.#known = now;
    const added = now.startsWith(before) ? now.slice(before.length).trim() : now;
    return added === '' ? null : tail(added);
  }
}

/** One that cannot be read, now that an editor replaces it or at all, is none. */
function whole(repo: string): string {
  try {
    return readFileSync(hintsPath(repo), 'utf8').trim();
  } catch {
    return '';
  }
}

/** The end of a text, from the beginning of a line on where there is one. */
function tail(text: string): string {
  if (text.length <= MAX_CHARS) return text;
  const end = text.slice(-MAX_CHARS);
  return end.slice(end.indexOf('\n') + 1);
}
