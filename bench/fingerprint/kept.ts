import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeJsonAtomic } from '#contract/atomic';

/** The most answers that are kept, a small file each. */
const MOST = 2000;

const Entry = z.strictObject({
  /** The digest of the question: an entry under another's name is no answer. */
  of: z.string(),
  fingerprint: z.string().regex(/^[0-9a-f]{64}$/),
});

/**
 * Fingerprints that were told before, by the digest of all that they are made from, so that the same question
 * about the same files costs no second look. The folder must lie where no code of a workspace can write. An
 * entry that is broken, of another question, or in a place that others may write, counts as none.
 */
export class Kept {
  constructor(private readonly folder: string) {}

  get(digest: string): string | null {
    try {
      if (!isOurs(this.folder) || !isOurs(this.#path(digest))) return null;
      const entry = Entry.safeParse(JSON.parse(readFileSync(this.#path(digest), 'utf8')));
      return entry.success && entry.data.of === digest ? entry.data.fingerprint : null;
    } catch {
      return null;
    }
  }

  put(digest: string, fingerprint: string): void {
    try {
      mkdirSync(this.folder, { recursive: true, mode: 0o700 });
      if (!isOurs(this.folder)) return;
      this.#makeRoom();
      writeJsonAtomic(this.#path(digest), { of: digest, fingerprint });
    } catch {
      // It is found out again next time.
    }
  }

  #path(digest: string): string {
    return join(this.folder, `${digest}.json`);
  }

  /** Half of the entries go at once, the oldest: they are of trees that nobody asks for any more. */
  #makeRoom(): void {
    const names = readdirSync(this.folder);
    if (names.length < MOST) return;
    const aged = names.map((name) => ({ name, at: lstatSync(join(this.folder, name)).mtimeMs }));
    for (const { name } of aged.sort((a, b) => a.at - b.at).slice(0, MOST / 2))
      rmSync(join(this.folder, name), { recursive: true, force: true });
  }
}

/** No link, and of this user, who alone may write it. */
function isOurs(path: string): boolean {
  const what = lstatSync(path);
  return !what.isSymbolicLink() && what.uid === process.getuid?.() && (what.mode & 0o022) === 0;
}
