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

/** The number of glyphs in a font, the one for missing characters included. */
const glyphs = (font: Buffer) => tablesOf(unpackWoff(font)).get('maxp')?.readUInt16BE(4);

it.each(faces)('$family $weight $style keeps the asked characters and no others', async (face) => {
  const whole = fontFile(face);
  const woff = await subsetWoff(whole, letters('Fé1'));
  expect(woff.toString('latin1', 0, 4)).toBe('wOFF');
  expect(woff.length).toBe(woff.readUInt32BE(8));
  expect(woff.length).toBeLessThan(whole.length / 10);
  // é may be composed of e and an accent.
  expect(glyphs(woff)).toBeGreaterThanOrEqual(4);
  expect(glyphs(woff)).toBeLessThanOrEqual(7);
});

it('keeps kerning, and no hints', async () => {
  for (const face of faces.slice(0, 2)) {
    const tables = tablesOf(unpackWoff(await subsetWoff(fontFile(face), letters('AVToWA.'))));
    expect([...tables.keys()]).toContain('GPOS');
    expect([...tables.keys()]).not.toContain('fpgm');
  }
});

it('leaves out characters that the font lacks', async () => {
  expect(glyphs(await subsetWoff(fontFile(faces[0]), letters('漢')))).toBe(1);
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
