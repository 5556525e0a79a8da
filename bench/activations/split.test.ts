import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { openActivations } from './folder.ts';
import { openActivationFrames } from './frames.ts';
import { Places } from './pieces.ts';
import { isHeldOut, SPLIT, type TrainingRows, trainingRows } from './split.ts';
import { floats, integers, numbered, type Written, writeShard } from './testing/shards.ts';

const root = mkdtempSync(join(tmpdir(), 'split-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A folder whose rows have their numbers as x, in shards of these contexts. */
function written(name: string, shards: readonly (readonly number[] | number)[]): string {
  const folder = mkdtempSync(join(root, name));
  let row = 0;
  for (const [at, contexts] of shards.entries()) {
    const count = typeof contexts === 'number' ? contexts : contexts.length;
    const context: Record<string, Written> =
      typeof contexts === 'number' ? {} : { context: integers(contexts) };
    writeShard(join(folder, `${at}.safetensors`), { x: floats(numbered(count, 2, row), 2), ...context });
    row += count;
  }
  return folder;
}

const rowsOf = ({ rows, ranks, starts }: TrainingRows): number[] =>
  [...ranks].flatMap((rank, run) =>
    Array.from({ length: (ranks[run + 1] ?? rows) - rank }, (_, index) => starts[run] + index),
  );

describe('the split', () => {
  it('holds out about its share of contexts, other ones by another key, and more by a larger share', () => {
    const held = (key: string, share: number): number[] =>
      Array.from({ length: 20_000 }, (_, id) => id).filter((id) => isHeldOut({ key, share }, id));
    const tenth = held('a', 0.1);
    // Four standard deviations.
    expect(Math.abs(tenth.length - 2000)).toBeLessThan(4 * Math.sqrt(20_000 * 0.1 * 0.9));
    const other = new Set(held('b', 0.1));
    expect(Math.abs(tenth.filter((id) => other.has(id)).length - 200)).toBeLessThan(60);
    const fifth = new Set(held('a', 0.2));
    expect(tenth.every((id) => fifth.has(id))).toBe(true);
  });

  it('is what docs/activations.md states: HMAC-SHA-256 of the id, its first 48 bits below the share', () => {
    // printf %s ID | openssl dgst -sha256 -hmac 'held-out contexts'
    const held = Array.from({ length: 40 }, (_, id) => id).filter((id) => isHeldOut(SPLIT, id));
    expect(held).toEqual([11, 12, 20, 22]);
  });

  it('serves the rows of all contexts that are not held out, wherever a context lies', () => {
    const contexts = fc.array(fc.array(fc.integer({ min: -3, max: 12 }), { maxLength: 30 }), {
      minLength: 1,
      maxLength: 4,
    });
    const split = { key: 'a test', share: 0.4 };
    fc.assert(
      fc.property(contexts, (shards) => {
        const all = shards.flat();
        const served = all.flatMap((id, row) => (isHeldOut(split, id) ? [] : [row]));
        fc.pre(served.length > 0 && served.length < all.length);
        const activations = openActivations(written('contexts', shards));
        expect(rowsOf(trainingRows(activations, split))).toEqual(served);
      }),
      { numRuns: 40 },
    );
  });

  it('takes blocks of 1,024 rows where no contexts are named', () => {
    const split = { key: 'a test', share: 0.5 };
    const activations = openActivations(written('blocks', [3000, 5000]));
    const served = Array.from({ length: 8000 }, (_, row) => row).filter(
      (row) => !isHeldOut(split, row >> 10),
    );
    expect(rowsOf(trainingRows(activations, split))).toEqual(served);
  });

  it('refuses a folder with nothing left to train on, or nothing held out', () => {
    const activations = openActivations(written('few', [[1, 1], [2]]));
    expect(() => trainingRows(activations, { key: '', share: 1 })).toThrow(
      /0\.safetensors: all 3 rows are held out/,
    );
    expect(() => trainingRows(activations, { key: '', share: 0 })).toThrow(/none of 3 rows is held out/);
  });
});

describe('where training rows lie', () => {
  it('is found for any range of ranks', () => {
    const shape = fc.record({
      shards: fc.array(fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 20 }), {
        minLength: 1,
        maxLength: 4,
      }),
      from: fc.nat({ max: 60 }),
      rows: fc.nat({ max: 60 }),
    });
    const split = { key: 'another', share: 0.3 };
    fc.assert(
      fc.property(shape, ({ shards, from, rows }) => {
        const all = shards.flat();
        const served = all.flatMap((id, row) => (isHeldOut(split, id) ? [] : [row]));
        fc.pre(from + rows <= served.length && rows > 0 && served.length < all.length);
        const activations = openActivations(written('places', shards));
        const places = new Places(activations.spans, trainingRows(activations, split));
        const found = places.pieces({ from, rows }).flatMap(({ span, row, rows: count }) => {
          const before = activations.spans.slice(0, activations.spans.indexOf(span));
          const first = before.reduce((sum, each) => sum + each.rows, 0) + row;
          return Array.from({ length: count }, (_, index) => first + index);
        });
        expect(found).toEqual(served.slice(from, from + rows));
      }),
      { numRuns: 40 },
    );
  });
});

describe('the frames', () => {
  /** Rows served, by the number that each holds; and the numbers of rows in each frame. */
  async function served(
    folder: string,
    from: number,
    rows: number,
    batch: number,
  ): Promise<{ ids: number[]; sizes: number[] }> {
    const { frames } = openActivationFrames(openActivations(folder), { seed: 3, from, rows, batch });
    const out = { ids: [] as number[], sizes: [] as number[] };
    for await (const { bytes, rows: count } of frames) {
      const x = new Float32Array(bytes.slice(16).buffer);
      for (let row = 0; row < count; row++) out.ids.push(x[row * 2]);
      out.sizes.push(count);
    }
    return out;
  }

  it('have every training row once in each epoch, none that is held out, and are the same from any batch on', async () => {
    const contexts = Array.from({ length: 900 }, (_, row) => Math.floor(row / 9));
    const folder = written('frames', [contexts.slice(0, 500), contexts.slice(500)]);
    const training = contexts.flatMap((id, row) => (isHeldOut(SPLIT, id) ? [] : [row]));
    const epochs = await served(folder, 0, 2 * training.length, 100);
    expect(epochs.sizes.at(-1)).toBe((2 * training.length) % 100);
    for (const start of [0, training.length]) {
      const epoch = epochs.ids.slice(start, start + training.length);
      expect(epoch).not.toEqual(training);
      expect(epoch.sort((a, b) => a - b)).toEqual(training);
    }
    expect((await served(folder, 7, 250, 100)).ids).toEqual(epochs.ids.slice(700, 950));
  });

  it('count distinct rows and epochs from the first batch of the stream on', () => {
    const activations = openActivations(written('counts', [Array.from({ length: 300 }, (_, row) => row)]));
    const { rows } = trainingRows(activations, SPLIT);
    const { counts } = openActivationFrames(activations, { seed: 0, from: 2, rows: 1e6, batch: 50 });
    expect(counts(30)).toEqual({ distinct: 130, epochs: Number((130 / rows).toFixed(4)) });
    expect(counts(rows)).toEqual({ distinct: rows, epochs: Number((1 + 100 / rows).toFixed(4)) });
  });
});
