import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const MAX_CHARS = 20_000;

/** What stands in HINTS.md now; nothing where there is none. */
export function readHints(repo: string): string {
  const path = join(repo, 'HINTS.md');
  return existsSync(path) ? readFileSync(path, 'utf8').trim().slice(0, MAX_CHARS) : '';
}

/** Follows HINTS.md during a sprint. */
export class Hints {
  #known: string;

  /** `heard`: the conversation so far. What it holds of HINTS.md is known; the rest was added while the loop was away. */
  constructor(
    readonly repo: string,
    heard: readonly unknown[],
  ) {
    const told = JSON.stringify(heard);
    const lines = readHints(repo).split('\n');
    const first = lines.findIndex((line) => !told.includes(JSON.stringify(line).slice(1, -1)));
    this.#known = (first === -1 ? lines : lines.slice(0, first)).join('\n').trim();
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
