import { createHash } from 'node:crypto';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { UserError } from '#contract/errors';
import { openActivations } from './folder.ts';
import { type Activations, readAt } from './layout.ts';
import { allRows, bytesOf, floats, integers, numbered, writeDataset, writeShard } from './testing/shards.ts';

const root = mkdtempSync(join(tmpdir(), 'activations-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const small = join(import.meta.dirname, '../../examples/activations/small');

let folders = 0;
function folder(): string {
  const path = join(root, String(folders++));
  mkdirSync(path);
  return path;
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function tokensOf({ spans }: Activations): Uint8Array {
  return Buffer.concat(
    spans.map(({ file, columns, rows }) => readAt(file, columns.get('tokens')?.at ?? -1, rows * 4, 'tokens')),
  );
}

interface Expected {
  rows: number;
  d: number;
  x: string;
  tokens: string;
  last: number[];
}

const expected: Record<string, Expected> = JSON.parse(readFileSync(join(small, 'expected.json'), 'utf8'));

describe('the folders that other programs wrote', () => {
  it.each([
    ['saelens-float32', 'F32', 8],
    ['saelens-float16', 'F16', 8],
    ['minilm', 'F16', null],
  ])('%s has the rows and tokens that Python reads from it', (name, dtype, contextSize) => {
    const activations = openActivations(join(small, name));
    const { rows, d, x, tokens, last } = expected[name];
    expect(activations).toMatchObject({ rows, d, dtype, contextSize });
    const all = allRows(activations);
    expect([...all.subarray((rows - 1) * d, (rows - 1) * d + last.length)]).toEqual(last);
    expect(sha256(bytesOf(all))).toBe(x);
    expect(sha256(tokensOf(activations))).toBe(tokens);
  });
});

describe('what is written', () => {
  it('in safetensors shards is read, whatever the sizes', () => {
    const number = fc.double({ min: -1e30, max: 1e30, noNaN: true }).map(Math.fround);
    const shards = fc.integer({ min: 1, max: 5 }).chain((d) =>
      fc
        .array(fc.array(fc.array(number, { minLength: d, maxLength: d }), { maxLength: 9 }), {
          minLength: 1,
          maxLength: 12,
        })
        .map((all) => ({ d, all })),
    );
    fc.assert(
      fc.property(shards, ({ d, all }) => {
        fc.pre(all.some((rows) => rows.length > 0));
        const path = folder();
        for (const [at, rows] of all.entries()) {
          const label = integers(rows.map(() => 1));
          writeShard(join(path, `part-${at}.safetensors`), { 'label.a': label, x: floats(rows, d) });
        }
        expect(allRows(openActivations(path))).toEqual(Float32Array.from(all.flat(2)));
      }),
      { numRuns: 30 },
    );
  });

  it('in record batches beside other columns is read, whatever the sizes', () => {
    const sizes = fc.array(fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 3 }), {
      minLength: 1,
      maxLength: 3,
    });
    fc.assert(
      fc.property(
        sizes,
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 4 }),
        (files, context, d) => {
          fc.pre(files.flat().some((contexts) => contexts > 0));
          const path = folder();
          let row = 0;
          const written = files.map((batches) =>
            batches.map((contexts) =>
              Array.from({ length: contexts }, () => {
                row += context;
                return numbered(context, d, row - context);
              }),
            ),
          );
          writeDataset(path, written, [context, d]);
          const activations = openActivations(path);
          expect(allRows(activations)).toEqual(Float32Array.from(numbered(row, d).flat()));
          expect(new Set(tokensOf(activations))).toEqual(new Set([7, 0]));
        },
      ),
      { numRuns: 30 },
    );
  });

  it('as bfloat16 is read', () => {
    const path = folder();
    const bytes = bytesOf(Uint16Array.from([0x3f80, 0xc040, 0x0000, 0x7f7f]));
    writeShard(join(path, 'a.safetensors'), { x: { dtype: 'BF16', shape: [2, 2], bytes } });
    expect([...allRows(openActivations(path))]).toEqual([1, -3, 0, Math.fround(3.3895313892515355e38)]);
  });
});

describe('a wrong folder is one line', () => {
  const x = floats(numbered(3, 2));
  const shards = (...all: Parameters<typeof writeShard>[1][]): string => {
    const path = folder();
    for (const [at, tensors] of all.entries()) writeShard(join(path, `s${at}.safetensors`), tensors);
    return path;
  };
  const without = (name: string): string => {
    const path = shards({ x }, { x }, { x });
    rmSync(join(path, name));
    return path;
  };
  const saelens = (change: (path: string) => void): string => {
    const path = folder();
    for (const name of readdirSync(join(small, 'saelens-float32')))
      copyFileSync(join(small, 'saelens-float32', name), join(path, name));
    change(path);
    return path;
  };
  const ragged = (): string => {
    const path = folder();
    writeDataset(
      path,
      [
        [
          [numbered(2, 3), numbered(2, 3)],
          [
            numbered(2, 3),
            [
              [1, 2, 3],
              [1, 2],
            ],
          ],
        ],
      ],
      [2, 3],
    );
    return path;
  };
  const short = (): string => {
    const path = folder();
    writeDataset(path, [[[numbered(2, 3), numbered(1, 3)]]], [2, 3]);
    return path;
  };

  it.each<[string, () => string, RegExp]>([
    ['no folder', () => join(root, 'none'), /none: no such folder/],
    ['an empty one', folder, /neither state\.json .* nor \*\.safetensors/],
    [
      'doubles',
      () => shards({ x: { ...x, dtype: 'F64' } }),
      /s0\.safetensors: x is F64; F32, F16 or BF16 expected/,
    ],
    [
      'two types',
      () => shards({ x }, { x: { dtype: 'F16', shape: [2, 2], bytes: new Uint8Array(8) } }),
      /s1\.safetensors: x is F16, F32 in .*s0/,
    ],
    [
      'another width',
      () => shards({ x }, { x: floats(numbered(2, 3)) }),
      /s1\.safetensors: row 0 has 3 numbers, 2 in .*s0/,
    ],
    ['a missing shard', () => without('s1.safetensors'), /s1\.safetensors: this shard is missing/],
    [
      'no first shard',
      () => {
        const path = without('s0.safetensors');
        rmSync(join(path, 's1.safetensors'));
        return path;
      },
      /s1\.safetensors: this shard is missing/,
    ],
    [
      'a folder for a shard',
      () => {
        const path = folder();
        mkdirSync(join(path, 's0.safetensors'));
        return path;
      },
      /s0\.safetensors: is not a file/,
    ],
    ['no x', () => shards({ tokens: integers([1]) }), /s0\.safetensors: has no tensor x/],
    ['a stranger', () => shards({ x, y: integers([1, 2, 3]) }), /s0\.safetensors: has a tensor "y"/],
    [
      'too few contexts',
      () => shards({ x, context: integers([1, 2]) }),
      /context has the shape \[2\], \[3\] expected/,
    ],
    [
      'a column in one shard',
      () => shards({ x }, { x, tokens: integers([1, 2, 3]) }),
      /s1\.safetensors: columns beside x: tokens; in .*: none/,
    ],
    [
      'labels of floats',
      () => shards({ x, 'label.a': { ...integers([1, 2, 3]), dtype: 'F32' } }),
      /label\.a is F32; integers expected/,
    ],
    [
      'a shard that is cut off',
      () => {
        const path = shards({ x });
        truncateSync(join(path, 's0.safetensors'), readFileSync(join(path, 's0.safetensors')).length - 9);
        return path;
      },
      /s0\.safetensors: cut off: x ends with row 1 of 3/,
    ],
    ['no rows', () => shards({ x: floats([], 2) }), /its shards have no rows/],
    [
      'a missing Arrow file',
      () => saelens((path) => rmSync(join(path, 'data-00002-of-00004.arrow'))),
      /data-00002-of-00004\.arrow: this shard is missing/,
    ],
    [
      'an Arrow file that is cut off',
      () => saelens((path) => truncateSync(join(path, 'data-00001-of-00004.arrow'), 5000)),
      /data-00001-of-00004\.arrow: cut off in the record batch that begins with row 0/,
    ],
    [
      'an Arrow file without its end',
      () => saelens((path) => truncateSync(join(path, 'data-00001-of-00004.arrow'), 10432)),
      /data-00001.*: cut off at byte 10432: the end of an Arrow stream is missing/,
    ],
    [
      'an Arrow file of other bytes',
      () => saelens((path) => writeFileSync(join(path, 'data-00000-of-00004.arrow'), 'ARROW1\0\0 and more')),
      /data-00000.*: not an Arrow stream/,
    ],
    [
      'no info',
      () => saelens((path) => rmSync(join(path, 'dataset_info.json'))),
      /dataset_info\.json: is missing/,
    ],
    [
      'info of another width',
      () =>
        saelens((path) => {
          const info = join(path, 'dataset_info.json');
          writeFileSync(info, readFileSync(info, 'utf8').replace('16', '15'));
        }),
      /data-00000.*: row 0 \(counted from 0\) has 16 numbers, 15 expected/,
    ],
    [
      'no column of activations',
      () => saelens((path) => writeFileSync(join(path, 'dataset_info.json'), '{"features":{}}')),
      /has no column of type Array2D/,
    ],
    ['a row of another width', ragged, /data-0\.arrow: row 7 \(counted from 0\) has 2 numbers, 3 expected/],
    [
      'a context of another length',
      short,
      /data-0\.arrow: the context that begins with row 2 .* has 1, 2 expected/,
    ],
  ])('%s', (_, make, message) => {
    let said = '';
    try {
      openActivations(make());
    } catch (error) {
      expect(error).toBeInstanceOf(UserError);
      said = (error as UserError).message;
    }
    expect(said).toMatch(message);
    expect(said).not.toContain('\n');
  });

  it('cut off anywhere: an Arrow file', () => {
    const path = saelens(() => {});
    const file = join(path, 'data-00000-of-00004.arrow');
    const whole = readFileSync(file);
    fc.assert(
      fc.property(fc.nat({ max: whole.length - 1 }), (length) => {
        writeFileSync(file, whole.subarray(0, length));
        expect(() => openActivations(path)).toThrow(UserError);
      }),
      { numRuns: 100 },
    );
  });

  it('damaged anywhere in its header: a safetensors shard', () => {
    const path = shards({ x, context: integers([1, 2, 3]) });
    const file = join(path, 's0.safetensors');
    const whole = readFileSync(file);
    const change = fc.record({ at: fc.nat({ max: whole.length - 1 }), byte: fc.nat({ max: 255 }) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const bytes = Buffer.from(whole);
        for (const { at, byte } of changes) bytes[at] = byte;
        writeFileSync(file, bytes);
        try {
          allRows(openActivations(path));
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
        }
      }),
      { numRuns: 300 },
    );
  });
});
