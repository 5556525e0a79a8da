import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '#contract/errors';
import { homeOf } from '#host/worktree';
import { CONFIG_FILE, FOREST_FILE, WEIGHTS_FILE } from '../world/store.ts';
import { hubCache, snapshotDir } from './cache.ts';

/** A model repository on the Hugging Face hub at one commit, and the SHA-256 that its files must have. */
export interface Release {
  repo: string;
  revision: string;
  files: readonly { name: string; sha256: string }[];
}

/**
 * synth-sae-bench-16k-v1 as published. The hashes are those of the files that the paper's results were made
 * with.
 */
export const SYNTH_16K_RELEASE: Release = {
  repo: 'decoderesearch/synth-sae-bench-16k-v1',
  revision: 'b2efd8b919ae46d6d487c73d46db5ee52813621d',
  files: [
    { name: CONFIG_FILE, sha256: 'ec969226283f05b69fd3b2a8c1cd14b152a998d79a491d732ccd286d096908b5' },
    { name: WEIGHTS_FILE, sha256: '4bf0b07f8f6a54a2dfd56ea11bd1ff7c9ca2040b89077446596cf0b375d00560' },
    { name: FOREST_FILE, sha256: '42b89b24a0496e046c9382e164ced0d59300156f96c49f779c4fba25974ca657' },
  ],
};

/**
 * Folder for files that were put there by hand. It lies under state/, which no process of the researcher
 * can read.
 */
export const RELEASED_FOLDER = join(
  homeOf(join(import.meta.dirname, '..', '..')),
  'state',
  'worlds',
  'synth-16k',
);

/**
 * Finds the folder that holds all files of the released model: WORLD_DIR where it is set, else
 * state/worlds/synth-16k, else the Hugging Face cache (shared with Python). Null where there is none.
 * Hashes are not checked.
 */
export function locateReleased(release: Release = SYNTH_16K_RELEASE): string | null {
  const { WORLD_DIR } = process.env;
  const folders = WORLD_DIR ? [WORLD_DIR] : [RELEASED_FOLDER, snapshotDir(hubCache(), release)];
  return folders.find((dir) => release.files.every(({ name }) => existsSync(join(dir, name)))) ?? null;
}

/** How to get missing files, in one line. */
export function howToGet(release: Release = SYNTH_16K_RELEASE): string {
  return `run \`npm run fetch\`, or ${byHand(release)}`;
}

/** How to get the files where `npm run fetch` cannot. */
export function byHand(release: Release = SYNTH_16K_RELEASE): string {
  const names = release.files.map(({ name }) => name);
  const last = names.pop();
  const list = names.length > 0 ? `${names.join(', ')} and ${last}` : last;
  return `put ${list} of huggingface.co/${release.repo} into ${process.env.WORLD_DIR || RELEASED_FOLDER} (or name their folder in WORLD_DIR)`;
}

/**
 * The file's SHA-256 in hex, read in pieces. The released model takes about 0.1 s, so results are not
 * cached.
 * @throws UserError for a folder
 */
export function sha256Of(path: string): string {
  if (statSync(path).isDirectory()) throw new UserError(`${path}: is a folder instead of a file; remove it`);
  const hash = createHash('sha256');
  const piece = Buffer.allocUnsafe(1 << 20);
  const fd = openSync(path, 'r');
  try {
    for (let read = readSync(fd, piece); read > 0; read = readSync(fd, piece))
      hash.update(piece.subarray(0, read));
  } finally {
    closeSync(fd);
  }
  return hash.digest('hex');
}

/** Checks the hashes of all files. @throws UserError that names the first one missing or not as released. */
export function verifyReleased(dir: string, release: Release = SYNTH_16K_RELEASE): void {
  for (const { name, sha256 } of release.files) {
    const path = join(dir, name);
    if (!existsSync(path)) throw new UserError(`${path}: not found; ${howToGet(release)}`);
    const found = sha256Of(path);
    if (found !== sha256) {
      throw new UserError(
        `${path}: is not the released file (SHA-256 ${found}, ${sha256} expected); remove it and run \`npm run fetch\``,
      );
    }
  }
}
