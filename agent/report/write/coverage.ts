import type { Block } from '../document/tree.ts';

/** The characters of a TrueType font, from its table `cmap`. Source: OpenType, "cmap", formats 4 and 12. */
export function charactersOf(font: Buffer): (character: number) => boolean {
  const tables = font.readUInt16BE(4);
  let cmap = -1;
  for (let i = 0; i < tables; i++) {
    const at = 12 + 16 * i;
    if (font.toString('latin1', at, at + 4) === 'cmap') cmap = font.readUInt32BE(at + 8);
  }
  if (cmap === -1) return () => false;
  const ranges: [number, number][] = [];
  for (let i = 0; i < font.readUInt16BE(cmap + 2); i++) {
    const at = cmap + font.readUInt32BE(cmap + 4 + 8 * i + 4);
    const format = font.readUInt16BE(at);
    if (format === 12) {
      for (let group = 0; group < font.readUInt32BE(at + 12); group++) {
        const start = at + 16 + 12 * group;
        ranges.push([font.readUInt32BE(start), font.readUInt32BE(start + 4)]);
      }
    } else if (format === 4) {
      const double = font.readUInt16BE(at + 6);
      for (let segment = 0; segment < double; segment += 2) {
        const end = font.readUInt16BE(at + 14 + segment);
        const start = font.readUInt16BE(at + 16 + double + segment);
        if (end !== 0xffff) ranges.push([start, end]);
      }
    }
  }
  return (character) => ranges.some(([start, end]) => character >= start && character <= end);
}

/** Scripts that a report may hold and the fonts lack, by the name of Unicode. */
const SCRIPTS = (
  'Han Hiragana Katakana Hangul Arabic Hebrew Devanagari Bengali Tamil Telugu Thai Khmer Lao Myanmar Georgian Armenian ' +
  'Ethiopic Gujarati Gurmukhi Kannada Malayalam Sinhala Tibetan Mongolian Cherokee Greek Cyrillic Latin'
).split(' ');
const scripts = SCRIPTS.map((name): [string, RegExp] => [name, new RegExp(`\\p{Script=${name}}`, 'u')]);

/**
 * What the fonts cannot set, in words: "9 characters of Han and 2 of Arabic"; null where they have all. `has`
 * says whether any font has a character.
 */
export function missingScripts(blocks: readonly Block[], has: (character: number) => boolean): string | null {
  const counts = new Map<string, number>();
  const known = new Map<number, boolean>();
  JSON.stringify(blocks, (key, value: unknown) => {
    if (['base64', 'mathml', 'panels', 'href', 'tex'].includes(key)) return undefined;
    if (typeof value !== 'string') return value;
    for (const letter of value) {
      const character = letter.codePointAt(0) ?? 32;
      // Marks, joiners and variants change the letter before them.
      if (character < 0x250 || /[\p{M}\p{Cf}\p{Cc}]/u.test(letter)) continue;
      if (!known.has(character)) known.set(character, has(character));
      if (known.get(character)) continue;
      const name = scripts.find(([, pattern]) => pattern.test(letter))?.[0] ?? 'other signs';
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    return value;
  });
  if (counts.size === 0) return null;
  return [...counts]
    .map(([name, count], i) => `${count}${i === 0 ? ' characters' : ''} of ${name}`)
    .join(', ');
}
