import { createHash, createHmac, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeJsonAtomic } from '#contract/atomic';
import { UserError } from '#contract/errors';
import { secretDir } from '../common/paths.ts';

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

const keyPath = (repo: string, branch: string) => join(secretDir(repo, branch), 'key.json');

/** The key of a branch; null where it has none, or where it was published. @throws UserError */
export function findKey(repo: string, branch: string): BranchKey | null {
  const path = keyPath(repo, branch);
  if (!existsSync(path)) return null;
  try {
    const { key: hex, madeAt } = KeyFile.parse(JSON.parse(readFileSync(path, 'utf8')));
    const key = Buffer.from(hex, 'hex');
    return { key, madeAt, hash: hashOf(key), folder: secretDir(repo, branch) };
  } catch {
    throw new UserError(
      `${path}: is not a key of secret worlds; move the file away, and the next start makes a new key`,
    );
  }
}

/** Whether a branch of this checkout has the key of this hash, and has not published it. @throws UserError */
export function isInUse(repo: string, hash: string): boolean {
  const folder = secretDir(repo, '');
  if (!existsSync(folder)) return false;
  const branches = readdirSync(folder).filter((name) => !name.includes('--published-'));
  return branches.some((branch) => findKey(repo, branch)?.hash === hash);
}

/**
 * The key of a branch, which is drawn where it has none. It stays for as long as the folder `state/` does.
 */
export function keyOf(repo: string, branch: string): BranchKey {
  const there = findKey(repo, branch);
  if (there) return there;
  const key = randomBytes(32);
  mkdirSync(secretDir(repo, branch), { recursive: true, mode: 0o700 });
  const file: z.infer<typeof KeyFile> = {
    ...{ version: 1, branch },
    key: key.toString('hex'),
    madeAt: new Date().toISOString(),
  };
  writeJsonAtomic(keyPath(repo, branch), file);
  return { key, madeAt: file.madeAt, hash: hashOf(key), folder: secretDir(repo, branch) };
}

export const hashOf = (key: Uint8Array): string => createHash('sha256').update(key).digest('hex');

/** The seed of both runs of a pair: nobody knows it before the key is published. */
export const seedOf = (key: Uint8Array, draw: number): number =>
  createHmac('sha256', key).update(`seed ${draw}`).digest().readUInt32BE(0) >>> 1;
