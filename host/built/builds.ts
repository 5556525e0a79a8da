import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { digestsBelow, filesIn } from './digest.ts';

/** What a build may hold: the built files of a large workspace are a few megabytes. */
const MOST = { bytes: 64 << 20, files: 5000 };
/** A build that no command has used for so long is removed when another is made. */
const KEPT_MS = 3 * 86_400_000;

/** What a build is: its files with their digests, in the order of their names; null if it failed. */
const List = z.object({ files: z.record(z.string(), z.string()).nullable() });

/**
 * Built programs in folders of their keys, `files/` below which the sandbox shows. Only our processes write
 * here; the code that was built is read by none of them, and runs in the sandbox alone.
 */
export class Builds {
  constructor(private readonly root: string) {}

  /**
   * The folder of a build whose files are those that were made; null if it is known that it fails; undefined
   * if it is not there, or something has changed it.
   */
  find(key: string): string | null | undefined {
    const [folder, list] = [join(this.root, key, 'files'), join(this.root, key, 'list.json')];
    try {
      const { files } = List.parse(JSON.parse(readFileSync(list, 'utf8')));
      const now = new Date();
      utimesSync(list, now, now);
      if (files === null) return null;
      return isDeepStrictEqual(files, this.#digests(folder)) ? folder : undefined;
    } catch {
      return undefined;
    }
  }

  /**
   * Makes a build by `build`, which writes into an empty folder and says whether it could. Null where there
   * is none then, as on a full disk: a command runs without it.
   */
  async make(key: string, build: (out: string) => Promise<boolean>): Promise<string | null> {
    let fresh = '';
    try {
      mkdirSync(this.root, { recursive: true });
      this.#prune();
      fresh = mkdtempSync(join(this.root, '.new-'));
      const out = join(fresh, 'files');
      mkdirSync(out);
      const files = (await build(out)) ? this.#digests(out) : null;
      if (files === null) rmSync(out, { recursive: true, force: true });
      writeFileSync(join(fresh, 'list.json'), JSON.stringify({ files }));
      // One that another process has made meanwhile stays: programs may run from it.
      if (this.find(key) === undefined) {
        rmSync(join(this.root, key), { recursive: true, force: true });
        renameSync(fresh, join(this.root, key));
      }
    } catch {
      // Nothing could be written: there is none.
    }
    if (fresh !== '') rmSync(fresh, { recursive: true, force: true });
    return this.find(key) ?? null;
  }

  /** The digests of all files; null if they are none that a build makes. */
  #digests(folder: string): Record<string, string> | null {
    const files = filesIn(folder);
    if (files === null || files.length > MOST.files || !files.every((file) => /\.js(\.map)?$/.test(file)))
      return null;
    const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
    return bytes > MOST.bytes ? null : digestsBelow(folder, files);
  }

  #prune(): void {
    for (const name of readdirSync(this.root)) {
      const folder = join(this.root, name);
      const list = join(folder, 'list.json');
      // Another process may have renamed or removed it since.
      const there = statSync(existsSync(list) ? list : folder, { throwIfNoEntry: false });
      if (there && Date.now() - there.mtimeMs > KEPT_MS) rmSync(folder, { recursive: true, force: true });
    }
  }
}
