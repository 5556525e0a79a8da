import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from './errors.ts';
import { decodeSafetensors, encodeSafetensors, readSafetensors, writeSafetensors } from './safetensors.ts';

const bytesOf = (file: Parameters<typeof encodeSafetensors>[0]) => Buffer.concat(encodeSafetensors(file));
const example = () => ({
  tensors: new Map([
    ['W_dec', { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, -6.5) }],
    ['b', { shape: [1], data: Float32Array.of(Number.POSITIVE_INFINITY) }],
  ]),
  metadata: { config: '{"k":3.5}' },
});

const python = spawnSync('python3', ['-c', '']).status === 0;

describe('safetensors', () => {
  it('gives back what was written, for any tensors', () => {
    const tensor = fc
      .tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 1, max: 5 }))
      .chain(([r, c]) =>
        fc
          .array(fc.float({ noNaN: true }), { minLength: r * c, maxLength: r * c })
          .map((v) => ({ shape: [r, c], data: Float32Array.from(v) })),
      );
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string({ minLength: 1 }).filter((k) => k !== '__metadata__'),
          tensor,
        ),
        (dict) => {
          const tensors = new Map(Object.entries(dict));
          const back = decodeSafetensors(bytesOf({ tensors, metadata: {} }), 'x');
          expect([...back.tensors.keys()].sort()).toEqual([...tensors.keys()].sort());
          for (const [name, { shape, data }] of tensors) {
            expect(back.tensors.get(name)).toEqual({ shape, data });
          }
        },
      ),
    );
  });

  it('refuses every truncation in one line that names the file', () => {
    const whole = bytesOf(example());
    for (let length = 0; length < whole.length; length++) {
      expect(() => decodeSafetensors(whole.subarray(0, length), 'some/file')).toThrow(UserError);
      expect(() => decodeSafetensors(whole.subarray(0, length), 'some/file')).toThrow(/^some\/file: [^\n]*$/);
    }
  });

  it('refuses a header that lies about sizes', () => {
    const lie = (header: string) => {
      const head = Buffer.alloc(8 + header.length + 8);
      head.writeBigUInt64LE(BigInt(header.length), 0);
      head.write(header, 8);
      return () => decodeSafetensors(head, 'f');
    };
    expect(lie('{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,8]}}')).toThrow('shape [4]');
    expect(lie('{"a":{"dtype":"F16","shape":[4],"data_offsets":[0,8]}}')).toThrow('F16');
    expect(lie('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}')).toThrow('8 bytes of data');
    const half = '{"dtype":"F32","shape":[1],"data_offsets":[0,4]}';
    expect(lie(`{"a":${half},"b":${half}}`)).toThrow('tensor "b" begins at byte 0, 4 expected');
    expect(lie('[1,2,3]')).toThrow('not a JSON object');
  });

  it('rounds doubles, as SAELens keeps its threshold', () => {
    const header = '{"t":{"dtype":"F64","shape":[],"data_offsets":[0,8]}}';
    const bytes = Buffer.alloc(8 + header.length + 8);
    bytes.writeBigUInt64LE(BigInt(header.length), 0);
    bytes.write(header, 8);
    bytes.writeDoubleLE(0.1, 8 + header.length);
    expect(decodeSafetensors(bytes, 'f').tensors.get('t')).toEqual({ shape: [], data: Float32Array.of(0.1) });
    const short = Buffer.from(header.replace('[0,8]', '[0,4]'));
    const lie = Buffer.concat([
      Buffer.from(BigUint64Array.of(BigInt(short.length)).buffer),
      short,
      Buffer.alloc(4),
    ]);
    expect(() => decodeSafetensors(lie, 'f')).toThrow('tensor "t" of shape [] in 4 bytes');
  });

  it.skipIf(!python)('is read by a few lines of Python', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'st-')), 'w.safetensors');
    writeSafetensors(path, example());
    expect(readSafetensors(path).metadata).toEqual({ config: '{"k":3.5}' });
    const script = [
      'import json,struct,sys',
      'b=open(sys.argv[1],"rb").read()',
      'n=struct.unpack("<Q",b[:8])[0]; h=json.loads(b[8:8+n])',
      's,e=h["W_dec"]["data_offsets"]',
      'print(json.dumps([h["W_dec"]["shape"],list(struct.unpack("<6f",b[8+n+s:8+n+e])),n%8]))',
    ].join('\n');
    const out = execFileSync('python3', ['-c', script, path], { encoding: 'utf8' });
    expect(JSON.parse(out)).toEqual([[2, 3], [1, 2, 3, 4, 5, -6.5], 0]);
  });

  it('has whole numbers as such, which this project does not read back', () => {
    const whole = { shape: [2], data: Int32Array.of(1, -1) };
    const bytes = bytesOf({ ...example(), tensors: new Map([['i', whole]]) });
    expect(bytes.toString('latin1')).toContain('"i":{"dtype":"I32","shape":[2],"data_offsets":[0,8]}');
    expect([bytes.readInt32LE(bytes.length - 8), bytes.readInt32LE(bytes.length - 4)]).toEqual([1, -1]);
    expect(() => decodeSafetensors(bytes, 'x')).toThrow('tensor "i" is I32, only F32 and F64 are read');
  });

  it('names a file that is not there', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'st-')), 'none.safetensors');
    expect(() => readSafetensors(path)).toThrow(`${path}: cannot be read (ENOENT)`);
    writeFileSync(path, 'short');
    expect(() => readSafetensors(path)).toThrow(UserError);
    expect(readFileSync(path, 'utf8')).toBe('short');
  });
});
