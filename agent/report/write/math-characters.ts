/** First letters of the alphabets that a browser shows in italics: plain letter, its italic, how many. */
const italics: readonly [number, number, number][] = [
  [0x41, 0x1d434, 26],
  [0x61, 0x1d44e, 26],
  [0x391, 0x1d6e2, 25],
  [0x3b1, 0x1d6fc, 25],
];
/** Italics outside of their alphabet: h, and the other forms of ε, θ, κ, φ, ρ, π and ∂. */
const others: Record<string, number> = {
  h: 0x210e,
  '∂': 0x1d715,
  ϵ: 0x1d716,
  ϑ: 0x1d717,
  ϰ: 0x1d718,
  ϕ: 0x1d719,
  ϱ: 0x1d71a,
  ϖ: 0x1d71b,
};

/**
 * The characters that the formulas of a page need: theirs, and the italics that a browser shows for a
 * variable of one letter. Empty for a page without formulas.
 */
export function mathCharacters(html: string): Set<number> {
  const found = new Set<number>();
  for (const [formula] of html.matchAll(/<math[\s>].*?<\/math>/gs)) {
    for (const letter of formula.replace(/<[^>]*>/g, '')) {
      const character = letter.codePointAt(0) ?? 32;
      found.add(character);
      const [from, to] =
        italics.find(([first, , count]) => character >= first && character < first + count) ?? [];
      if (from !== undefined && to !== undefined) found.add(to + character - from);
      const other = others[letter];
      if (other !== undefined) found.add(other);
    }
  }
  // Signs that entities and accents stand for.
  if (found.size > 0) for (const letter of '&<>√"\'̂̃̄⃗̇̈') found.add(letter.codePointAt(0) ?? 32);
  return found;
}
