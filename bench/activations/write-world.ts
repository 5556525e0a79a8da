import { closeSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '#contract/errors';
import { makeWritable } from '#host/writable';
import type { SparseRows } from '../sampler/sampler.ts';
import { Sampler } from '../sampler/sampler.ts';
import { writeWhole } from '../stream/writer.ts';
import type { World } from '../world/world.ts';

/** Rows that are drawn at a time, and rows of a shard. */
const BATCH = 1000;
const SHARD_ROWS = 250_000;
/** The features that are labelled: as many as a judging probes for, the most frequent ones. */
const LABELS = 200;
const COUNTED_BATCHES = 50;

export interface WrittenRows {
  seed: number;
  rows: number;
  folder: string;
}

/**
 * Writes rows of a world as a folder of activations: `x` in float32, and `label.<n>` for each of the most
 * frequent features, 1 where feature n is active.
 * @throws UserError for a folder that has files, or cannot be written
 */
export function writeRows(
  world: World,
  { seed, rows, folder }: WrittenRows,
  onShard: (rows: number) => void,
): void {
  makeWritable('--into', folder);
  if (readdirSync(folder).length > 0) throw new UserError(`${folder}: has files already; name a new folder`);
  const sampler = new Sampler(world, seed, 'rows of a folder');
  const labelled = mostFrequent(world, sampler, Math.min(COUNTED_BATCHES, Math.ceil(rows / BATCH)));
  for (let from = 0, shard = 0; from < rows; from += SHARD_ROWS, shard++) {
    const count = Math.min(SHARD_ROWS, rows - from);
    const path = join(folder, `shard-${String(shard).padStart(5, '0')}.safetensors`);
    writeShardOf({ world, sampler, labelled, path, from, count });
    onShard(from + count);
  }
}

function mostFrequent(world: World, sampler: Sampler, batches: number): number[] {
  const counts = new Float64Array(world.numFeatures);
  for (let index = 0; index < batches; index++)
    each(sampler.sample(index, BATCH), (feature) => counts[feature]++);
  return Array.from(counts.keys())
    .sort((a, b) => counts[b] - counts[a] || a - b)
    .slice(0, LABELS)
    .filter((feature) => counts[feature] > 0)
    .sort((a, b) => a - b);
}

function each(truth: SparseRows, visit: (feature: number, row: number) => void): void {
  for (let row = 0; row < truth.rows; row++) {
    for (let e = truth.offsets[row]; e < truth.offsets[row + 1]; e++)
      if (truth.values[e] > 0) visit(truth.features[e], row);
  }
}

interface Shard {
  world: World;
  sampler: Sampler;
  labelled: readonly number[];
  path: string;
  from: number;
  count: number;
}

function writeShardOf({ world, sampler, labelled, path, from, count }: Shard): void {
  const d = world.hiddenDim;
  const header: Record<string, object> = {
    x: { dtype: 'F32', shape: [count, d], data_offsets: [0, count * d * 4] },
  };
  labelled.forEach((feature, at) => {
    const begin = count * (d * 4 + at);
    header[`label.${feature}`] = { dtype: 'U8', shape: [count], data_offsets: [begin, begin + count] };
  });
  const json = JSON.stringify(header);
  const text = json.padEnd(Math.ceil(json.length / 8) * 8);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const places = new Int32Array(world.numFeatures).fill(-1);
  labelled.forEach((feature, at) => {
    places[feature] = at;
  });
  const labels = new Uint8Array(labelled.length * count);
  const file = openSync(path, 'wx');
  try {
    writeWhole(file, Buffer.concat([length, Buffer.from(text)]));
    const x = new Float32Array(BATCH * d);
    for (let done = 0; done < count; done += BATCH) {
      const rows = Math.min(BATCH, count - done);
      const truth = sampler.sample((from + done) / BATCH, rows, x);
      each(truth, (feature, row) => {
        if (places[feature] >= 0) labels[places[feature] * count + done + row] = 1;
      });
      writeWhole(file, new Uint8Array(x.buffer, 0, rows * d * 4));
    }
    writeWhole(file, labels);
  } finally {
    closeSync(file);
  }
}
