import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openActivations } from './folder.ts';
import { probedLabels } from './labels.ts';
import { SPLIT } from './split.ts';
import { floats, integers, writeShard } from './testing/shards.ts';

const root = mkdtempSync(join(tmpdir(), 'labels-'));
afterAll(() => rmSync(root, { recursive: true }));
const ROWS = 2000;
const each = (of: (row: number) => number) => Array.from({ length: ROWS }, (_, row) => of(row));

let folders = 0;
/** What a folder of 200 contexts with these columns is probed for. */
function probed(columns: Record<string, number[]>) {
  const folder = join(root, String(folders++));
  mkdirSync(folder);
  writeShard(join(folder, 'a.safetensors'), {
    x: floats(each(() => 1).map((one) => [one, one])),
    context: integers(each((row) => Math.floor(row / 10))),
    ...Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, integers(values)])),
  });
  return probedLabels(folder, openActivations(folder), SPLIT);
}

describe('what a folder is probed for', () => {
  it('is each label that some rows have and others lack', () => {
    const columns = {
      'label.some': each((row) => row % 3),
      'label.none': each(() => 0),
      'label.all': each(() => 1),
    };
    expect([...probed(columns).kindOf.keys()]).toEqual(['some']);
  });

  it.each([
    ['label.a', () => 0, 'of the 1 labels none is on some of'],
    ['label.a', () => 1, 'of the 1 labels none is on some of'],
    ['tokens', () => 7, 'of all tokens none is on some of'],
  ])('is nothing where all rows have the same: %s', (column, of, words) => {
    expect(() => probed({ [column]: each(of) })).toThrow(words);
    expect(() => probed({ [column]: each(of) })).toThrow(/: there is nothing to probe for$/);
  });

  it('is nothing without labels and tokens', () => {
    expect(() => probed({})).toThrow('has neither label.<name> nor tokens: there is nothing to probe for');
  });
});
