import { createHash, createHmac } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { UserError } from '#contract/errors';
import { activationsFolder, PART_FILE } from '../worlds.ts';
import { openActivations } from './folder.ts';
import { type Activations, NUMBER_BYTES, readAt } from './layout.ts';
import { type Rotation, rotationOf } from './rotation.ts';
import { SPLIT, type Split } from './split.ts';

/** A folder of activations with what is held out of it. */
export interface RowsWorld {
  name: string;
  /** Of the shards, as far as they are read here, and of the split. */
  hash: string;
  folder: string;
  activations: Activations;
  split: Split;
  /** How the rows of a secret part are turned wherever they are served or judged; null in public. */
  rotate: Rotation | null;
}

const PartFile = z.object({ folder: z.string(), key: z.string().regex(/^[0-9a-f]{64}$/) });
/** Of the contexts that are not held out in public. */
const SECRET_SHARE = 0.1;
/** Shards whose first row is part of the hash. */
const HASHED_SPANS = 64;

/**
 * Opens the world of a name: `activations:<folder>` with its public split, or the folder of a secret part.
 * @throws UserError naming file and row
 */
export function openRowsWorld(name: string): RowsWorld {
  const folder = activationsFolder(name);
  if (folder !== null) return opened(name, folder, SPLIT, null);
  const part = PartFile.parse(JSON.parse(readFileSync(join(name, PART_FILE), 'utf8')));
  const key = Buffer.from(part.key, 'hex');
  return opened(name, part.folder, secretSplit(key), key);
}

/**
 * Writes a secret part of a folder of activations: which contexts are held out there, drawn from a key.
 * None of them is held out in public, and what is held out in public is not served there either. All rows
 * are turned by a rotation of the same key, so a dictionary of the folder as it lies there is of no use.
 * Returns its hash.
 */
export function writeSecretPart(world: string, key: Uint8Array, draw: number, out: string): string {
  const folder = activationsFolder(world);
  if (folder === null) throw new UserError(`the world "${world}" is no folder of activations`);
  const own = createHmac('sha256', key).update(`part ${draw}`).digest();
  mkdirSync(out, { recursive: true, mode: 0o700 });
  const part = { folder: resolve(folder), key: own.toString('hex') };
  writeFileSync(join(out, PART_FILE), JSON.stringify(part), { mode: 0o600 });
  return openRowsWorld(out).hash;
}

const secretSplit = (key: Uint8Array): Split => ({ key, share: SECRET_SHARE, besides: SPLIT });

function opened(name: string, folder: string, split: Split, turned: Uint8Array | null): RowsWorld {
  const activations = openActivations(folder);
  const rotate = turned && rotationOf(turned, activations.d);
  return { name, folder, activations, split, rotate, hash: hashOf(activations, split, turned !== null) };
}

/** Of what describes the rows, and of the first row of the first shards: a folder may have 100 GB. */
function hashOf(
  { d, dtype, rows, contextSize, spans }: Activations,
  { key }: Split,
  turned: boolean,
): string {
  const of = { d, dtype, rows, contextSize, ...(turned && { turned }) };
  const hash = createHash('sha256').update(JSON.stringify(of));
  spans.forEach(({ file, first, rows: count, at, columns }, index) => {
    hash.update(JSON.stringify([basename(file.path), file.bytes, first, count, [...columns.keys()]]));
    if (index < HASHED_SPANS) hash.update(readAt(file, at, d * NUMBER_BYTES[dtype], 'its first row'));
  });
  return hash.update(createHash('sha256').update(key).digest()).digest('hex');
}
