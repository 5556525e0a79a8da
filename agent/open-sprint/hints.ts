import { tail, wholeHints } from '../ledger/hint-file.ts';
import { unmarked } from '../ledger/hints.ts';

/** The line before a hint that is passed on between two turns; the hint begins on the next line. */
export const ADDED =
  'A hint from the people you work for, added just now; finish_sprint (hints) can answer it by its id:';

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
    const now = wholeHints(repo);
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
    const now = wholeHints(this.repo);
    const before = this.#known;
    if (now === before) return null;
    this.#known = now;
    const added = now.startsWith(before) ? now.slice(before.length).trim() : now;
    return added === '' ? null : tail(added);
  }
}
