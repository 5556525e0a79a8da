import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openActivations } from './folder.ts';
import { openActivationFrames } from './frames.ts';
import { sampleHeldOut } from './held-out.ts';
import { probedLabels } from './labels.ts';
import { RowReader } from './row-reader.ts';
import { isHeldOut, SPLIT } from './split.ts';
import { floats, integers, numbered, type Written, writeShard } from './testing/shards.ts';
import { openWords } from './words.ts';
import { openRowsWorld, writeSecretPart } from './world.ts';

const root = mkdtempSync(join(tmpdir(), 'held-out-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const ROWS = 4000;
const CONTEXT = 10;
const contextOf = (row: number) => Math.floor(row / CONTEXT);
const all = Array.from({ length: ROWS }, (_, row) => row);
const outside = all.filter((row) => isHeldOut(SPLIT, contextOf(row)));

/** Rows that have their numbers as x, in two shards. */
function written(columns: Readonly<Record<string, (row: number) => number>>): string {
  const folder = mkdtempSync(join(root, 'rows-'));
  [all.slice(0, 1500), all.slice(1500)].forEach((rows, at) => {
    const own = Object.entries(columns).map(([name, of]): [string, Written] => [
      name,
      integers(rows.map(of)),
    ]);
    const x = { x: floats(numbered(rows.length, 2, rows[0]), 2) };
    writeShard(join(folder, `${at}.safetensors`), { ...x, ...Object.fromEntries(own) });
  });
  return folder;
}

describe('the rows that are judged', () => {
  const activations = openActivations(written({ context: contextOf }));

  it('are held out, each once, in halves that share no context', () => {
    const { places, half } = sampleHeldOut(activations, SPLIT, 1, 1e6);
    expect([...places].sort((a, b) => a - b)).toEqual(outside);
    const contexts = (which: number) =>
      new Set([...places].filter((_, at) => half[at] === which).map(contextOf));
    const [test, fit] = [contexts(0), contexts(1)];
    expect([...test].filter((id) => fit.has(id))).toEqual([]);
    expect(Math.abs(test.size - fit.size)).toBeLessThanOrEqual(1);
  });

  it('are as many as asked for, the same by the same seed, and others by another', () => {
    const of = (seed: number | Uint8Array) => [...sampleHeldOut(activations, SPLIT, seed, 105).places];
    expect(of(1)).toHaveLength(105);
    expect(of(1)).toEqual(of(1));
    const key = Buffer.alloc(16, 3);
    expect(of(key).sort()).not.toEqual(of(1).sort());
    expect(of(key).every((row) => isHeldOut(SPLIT, contextOf(row)))).toBe(true);
  });

  it('are of both halves where a context has most of them', () => {
    const long = openActivations(written({ context: (row) => Number(row >= ROWS / 2) }));
    const { half } = sampleHeldOut(long, { key: '', share: 1 }, 1, 100);
    expect(half.reduce((a, b) => a + b, 0)).toBe(50);
    const one = openActivations(written({ context: () => 4 }));
    expect(() => sampleHeldOut(one, { key: '', share: 1 }, 1, 100)).toThrow(/one context alone is held out/);
  });
});

it('reads rows and columns in any order, over gaps and shards', () => {
  const wide = (row: number) => (row * 7919) % 30_011;
  const reader = new RowReader(openActivations(written({ tokens: wide })));
  const rows = [3999, 0, 1501, 1499, 1500, 12, 3000, 13];
  expect([...reader.column('tokens', rows)]).toEqual(rows.map(wide));
  expect([...reader.x(rows)].filter((_, at) => at % 2 === 0)).toEqual(rows);
});

describe('a secret part', () => {
  const folder = written({ context: contextOf });
  const part = (draw: number, key = 1) => {
    const out = join(root, `part-${draw}-${key}`);
    const hash = writeSecretPart(`activations:${folder}`, Buffer.alloc(32, key), draw, out);
    return { hash, world: openRowsWorld(out) };
  };

  it('holds out other contexts than the public one, and serves neither', async () => {
    const { world, hash } = part(0);
    expect(world.hash).toBe(hash);
    const { activations, split } = world;
    const secret = [...sampleHeldOut(activations, split, 1, 1e6).places];
    expect(secret.length).toBeGreaterThan(100);
    expect(secret.filter((row) => outside.includes(row))).toEqual([]);
    const { frames } = openActivationFrames(activations, { split, seed: 0, from: 0, rows: 3000, batch: 100 });
    const served = new Set<number>();
    for await (const { bytes, rows } of frames) {
      const x = new Float32Array(bytes.slice(16).buffer);
      for (let row = 0; row < rows; row++) served.add(x[2 * row]);
    }
    const expected = all.filter((row) => !secret.includes(row) && !outside.includes(row));
    expect([...served].filter((row) => !expected.includes(row))).toEqual([]);
    expect(served.size).toBe(Math.min(3000, expected.length));
  });

  it('is another one by another draw or key, and has another hash', () => {
    const parts = [part(0), part(1), part(0, 2), { hash: openRowsWorld(`activations:${folder}`).hash }];
    expect(new Set(parts.map(({ hash }) => hash)).size).toBe(4);
    const rows = [part(0), part(1)].map(({ world: { activations, split } }) =>
      sampleHeldOut(activations, split, 1, 1e6).places.join(),
    );
    expect(rows[0]).not.toBe(rows[1]);
  });
});

describe('what is probed for', () => {
  const labelsOf = (folder: string) => {
    const activations = openActivations(folder);
    return probedLabels(folder, activations, SPLIT);
  };

  it('are the labels of the shards that are frequent enough, where they are not 0', () => {
    const probed = labelsOf(
      written({
        context: contextOf,
        tokens: () => 5,
        'label.third': (row) => (row % 3 === 0 ? 7 : 0),
        'label.never': () => 0,
        'label.always': () => 1,
      }),
    );
    const [third, ...others] = probed.labels([9, 10, 11, 12], 5);
    expect(others).toEqual([]);
    expect([third.name, [...third.rows]]).toEqual(['third', [0, 3]]);
    expect(probed.about).toBe('1 of the 3 labels of the shards, the most frequent');
  });

  it('are tokens, the most frequent first, and their classes by a vocabulary', () => {
    const folder = written({ context: contextOf, tokens: (row) => [2, 0, 2, 1, 3][row % 5] });
    expect(labelsOf(folder).about).toMatch(/^the 4 most frequent tokens; no classes of tokens/);
    writeFileSync(join(folder, 'vocabulary.json'), JSON.stringify({ '7': 0, '##s': 1, The: 2, ',': 3 }));
    const probed = labelsOf(folder);
    const found = (most: number) =>
      probed.labels([0, 1, 2, 3, 4], most).map(({ name, rows }) => [name, [...rows]]);
    expect(found(3)).toEqual(found(100).slice(0, 3));
    expect(found(100)).toEqual([
      ['token 2 " The"', [0, 2]],
      ['token 0 " 7"', [1]],
      ['token 1 "s"', [3]],
      ['token 3 " ,"', [4]],
      ['number', [1]],
      ['punctuation', [4]],
      ['capital', [0, 2]],
      ['continuation piece', [3]],
    ]);
    expect(probed.kindOf.get('number')).toBe('token classes');
  });

  it('is refused where there is nothing, and where a vocabulary is broken', () => {
    expect(() => labelsOf(written({ context: contextOf }))).toThrow(/has neither label.<name> nor tokens/);
    const folder = written({ context: contextOf, tokens: () => 1 });
    writeFileSync(join(folder, 'vocabulary.json'), '{"a": -1}');
    expect(() => labelsOf(folder)).toThrow(/vocabulary\.json: cannot be read as a vocabulary/);
  });
});

it('shows a row as its token among those of its context', () => {
  const folder = written({ context: contextOf, tokens: (row) => row % 5 });
  const pieces = { '[CLS]': 0, Ġthe: 1, Ġcat: 2, s: 3, '\u001b[31m.': 4 };
  writeFileSync(
    join(folder, 'tokenizer.json'),
    JSON.stringify({ model: { vocab: pieces }, added_tokens: [{ id: 0, content: '<s>' }] }),
  );
  const words = openWords(folder, openActivations(folder));
  expect(words?.around(12)).toBe('<s> the [cat]s.<s> the cats');
  expect(words?.contextOf(12)).toBe(1);
});
