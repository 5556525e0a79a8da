import subsetFont from 'subset-font';

/** What a page does not need: hints, glyphs that only features reach, and all features but kerning. */
const LEAN = {
  targetFormat: 'woff',
  noHinting: true,
  noLayoutClosure: true,
  keepFeatures: ['kern'],
} as const;

/**
 * A font cut down to the given characters and packed as WOFF: about 9 KB in place of 380. A page with its own
 * fonts opens alike on every machine.
 */
export const subsetWoff = (font: Buffer, characters: ReadonlySet<number>): Promise<Buffer> =>
  subsetFont(font, [...characters].map((character) => String.fromCodePoint(character)).join(''), LEAN);
