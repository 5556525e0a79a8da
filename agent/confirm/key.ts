import { createHash, createHmac, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeJsonAtomic } from '#contract/atomic';
import { UserError } from '#contract/errors';
import { secretDir, secretsDir } from '../common/paths.ts';

const KeyFile = z.strictObject({
  version: z.literal(1),
  branch: z.string(),
  /** 256 bits in hex. */
  key: z.string().regex(/^[0-9a-f]{64}$/),
  madeAt: z.string(),
});

/** The key of a run branch: all its secret worlds and their seeds are drawn from it. */
export interface BranchKey {
  key: Buffer;
  /** SHA-256 of the key, in hex: published when the branch begins. */
  hash: string;
  madeAt: string;
  /** The folder of everything that belongs to this key. */
  folder: string;
}

/** The key in a folder, and the branch that it belongs to; null where there is none. @throws UserError */
function keyIn(folder: string): (BranchKey & { branch: string }) | null {
  const path = join(folder, 'key.json');
  if (!existsSync(path)) return null;
  try {
    const { key: hex, madeAt, branch } = KeyFile.parse(JSON.parse(readFileSync(path, 'utf8')));
    const key = Buffer.from(hex, 'hex');
    return { key, madeAt, hash: hashOf(key), folder, branch };
  } catch {
    throw new UserError(
      `${path}: is not a key of secret worlds; move the file away, and the next start makes a new key`,
    );
  }
}

/** The key of a branch; null where it has none, or where it was published. @throws UserError */
export function findKey(repo: string, branch: string): BranchKey | null {
  const own = secretDir(repo, branch);
  // Earlier versions wrote each slash as two dashes, and left the dashes of the name as they are.
  const earlier = join(secretsDir(repo), branch.replaceAll('/', '--'));
  for (const folder of new Set([own, earlier])) {
    const found = keyIn(folder);
    if (found?.branch === branch) return withoutBranch(found);
  }
  return null;
}

const withoutBranch = ({ branch: _, ...key }: BranchKey & { branch: string }): BranchKey => key;

/** Where the folder of a key goes when the key is published: no branch has such a name. */
export const publishedDir = (repo: string, branch: string, hash: string): string =>
  `${secretDir(repo, branch)}%published-${hash.slice(0, 12)}`;

/** Whether a branch of this checkout has the key of this hash, and has not published it. @throws UserError */
export function isInUse(repo: string, hash: string): boolean {
  const above = secretsDir(repo);
  if (!existsSync(above)) return false;
  const inUse = (name: string) => {
    const found = keyIn(join(above, name));
    return found !== null && found.hash === hash && findKey(repo, found.branch)?.folder === found.folder;
  };
  return readdirSync(above).some(inUse);
}

/**
 * The key of a branch, which is drawn where it has none. It stays for as long as the folder `state/` does.
 */
export function keyOf(repo: string, branch: string): BranchKey {
  const there = findKey(repo, branch);
  if (there) return there;
  const folder = secretDir(repo, branch);
  // The folder of an earlier version may be that of another branch, which goes on with its key elsewhere.
  const other = keyIn(folder);
  if (other) renameSync(folder, secretDir(repo, other.branch));
  const key = randomBytes(32);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file: z.infer<typeof KeyFile> = {
    ...{ version: 1, branch },
    key: key.toString('hex'),
    madeAt: new Date().toISOString(),
  };
  writeJsonAtomic(join(folder, 'key.json'), file);
  return { key, madeAt: file.madeAt, hash: hashOf(key), folder };
}

export const hashOf = (key: Uint8Array): string => createHash('sha256').update(key).digest('hex');

/** The seed of both runs of a pair: nobody knows it before the key is published. */
export const seedOf = (key: Uint8Array, draw: number): number =>
  createHmac('sha256', key).update(`seed ${draw}`).digest().readUInt32BE(0) >>> 1;
