import { readFileSync } from 'node:fs';
import { hintsPath } from '../common/paths.ts';
import { unmarked } from '../ledger/hints.ts';

/** The part of HINTS.md that is read, counted from its end: what was added last matters most. */
export const MAX_CHARS = 20_000;

/** The line before a hint that is passed on between two turns; the hint, with its id, begins on the next line. */
export const ADDED =
  'A hint from the people you work for, added just now; finish_sprint (hints) can answer it by its id:';

/** The end of HINTS.md, up to the length that is read; empty where there is no such file. */
export const readHints = (repo: string): string => tail(whole(repo));

/** Follows HINTS.md during a sprint. */
export class Hints {
  #known: string;

  /**
   * `heard`: what we have said in the conversation so far. Lines that it contains are known; the rest was
   * added while no loop ran.
   */
  constructor(
    readonly repo: string,
    heard: readonly string[],
  ) {
    const told = new Set(heard.flatMap((text) => text.split('\n').map((line) => unmarked(line).trim())));
    const now = whole(repo);
    // The part that is too long to be read is not told later either.
    const cut = now.slice(0, now.length - tail(now).length);
    const lines = tail(now).split('\n');
    const first = lines.findIndex((line) => !told.has(line.trim()));
    this.#known = (cut + (first === -1 ? lines : lines.slice(0, first)).join('\n')).trim();
  }

  /**
   * What is new since the last call: the lines added at the end, or the whole file where it was rewritten.
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

/** A file that cannot be read, also for the moment in which an editor replaces it, counts as empty. */
function whole(repo: string): string {
  try {
    return readFileSync(hintsPath(repo), 'utf8').trim();
  } catch {
    return '';
  }
}

/** The end of a text, from the beginning of a line where possible. */
function tail(text: string): string {
  if (text.length <= MAX_CHARS) return text;
  const end = text.slice(-MAX_CHARS);
  return end.slice(end.indexOf('\n') + 1);
}
