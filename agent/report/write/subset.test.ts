import { expect, it } from 'vitest';
import { faces, fontFile, packSfnt, unpackWoff } from './fonts.ts';
import { subsetWoff } from './subset.ts';

const letters = (text: string) => new Set([...text].map((letter) => letter.codePointAt(0) as number));

function tablesOf(font: Buffer): Map<string, Buffer> {
  return new Map(
    Array.from({ length: font.readUInt16BE(4) }, (_, i) => {
      const at = 12 + 16 * i;
      const start = font.readUInt32BE(at + 8);
      return [font.toString('latin1', at, at + 4), font.subarray(start, start + font.readUInt32BE(at + 12))];
    }),
  );
}

it.each(faces)('$family $weight $style keeps the asked outlines and empties the others', (face) => {
  const whole = fontFile(face);
  const woff = subsetWoff(whole, letters('Fé1'));
  expect(woff.toString('latin1', 0, 4)).toBe('wOFF');
  expect(woff.length).toBe(woff.readUInt32BE(8));
  expect(woff.length).toBeLessThan(whole.length / 10);
  const tables = tablesOf(unpackWoff(woff));
  const cmap = tables.get('cmap') as Buffer;
  expect(cmap.readUInt32BE(24)).toBe(3);
  const loca = tables.get('loca') as Buffer;
  const outlines = Array.from(
    { length: loca.length / 4 - 1 },
    (_, i) => loca.readUInt32BE(4 * i + 4) - loca.readUInt32BE(4 * i),
  );
  for (let group = 0; group < 3; group++) {
    expect(outlines[cmap.readUInt32BE(36 + 12 * group)]).toBeGreaterThan(0);
  }
  const full = outlines.filter((length) => length > 0).length;
  // é may be composed of e and an accent; nothing else stays but the sign for a missing glyph.
  expect(full).toBeGreaterThanOrEqual(4);
  expect(full).toBeLessThanOrEqual(7);
});

it('leaves out characters that the font lacks', () => {
  const woff = subsetWoff(fontFile(faces[0]), letters('漢'));
  expect((tablesOf(unpackWoff(woff)).get('cmap') as Buffer).readUInt32BE(24)).toBe(0);
});

it('packs tables on boundaries of four bytes', () => {
  const font = packSfnt(0x00010000, [
    { tag: 'aaaa', checksum: 1, data: Buffer.from('12345') },
    { tag: 'bbbb', checksum: 2, data: Buffer.from('6') },
  ]);
  const tables = tablesOf(font);
  expect(tables.get('aaaa')?.toString()).toBe('12345');
  expect(tables.get('bbbb')?.toString()).toBe('6');
  expect(font.length % 4).toBe(0);
});
