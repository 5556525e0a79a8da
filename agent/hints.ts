import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const MAX_CHARS = 20_000;

/** What stands in HINTS.md now; nothing where there is none. */
export function readHints(repo: string): string {
  const path = join(repo, 'HINTS.md');
  return existsSync(path) ? readFileSync(path, 'utf8').trim().slice(0, MAX_CHARS) : '';
}

/** Follows HINTS.md during a sprint: the prompt had what stood there at its start. */
export class Hints {
  #known: string;

  constructor(readonly repo: string) {
    this.#known = readHints(repo);
  }

  /** What is new since the last look: the lines that were added at the end, or all of it where it was rewritten. */
  fresh(): string | null {
    const now = readHints(this.repo);
    const before = this.#known;
    if (now === before) return null;
    this.#known = now;
    const added = now.startsWith(before) ? now.slice(before.length).trim() : now;
    return added === '' ? null : added;
  }
}
