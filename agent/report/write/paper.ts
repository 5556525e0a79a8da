import type { Block, CodeSpan } from '../document/tree.ts';

/** Columns of a tab, as style.css has them. */
const TAB = 4;
const ZERO_WIDTH_SPACE = '\u200b';

/**
 * The blocks as paper needs them: tabs as spaces, since the compiler drops them, and places in long words
 * where a line may break. The tree has neither, so that a copy from HTML or Markdown is what was written.
 */
export function forPaper(blocks: readonly Block[]): Block[] {
  return JSON.parse(JSON.stringify(blocks), (key, value: unknown) => {
    if (key === 'lines' && Array.isArray(value)) return value.map(withoutTabs);
    if (typeof value === 'string' && READ.has(key)) return breakable(value);
    return value;
  }) as Block[];
}

/** The fields of a block that are for reading. Single strings in lists are ours and short. */
const READ = new Set([
  'v',
  'title',
  'kicker',
  'label',
  'value',
  'note',
  'alt',
  'what',
  'why',
  'path',
  'omitted',
  'whole',
  'tex',
]);

/** A line of code (coloured pieces) or of a diff (one string) with its tabs as spaces up to the next stop. */
function withoutTabs(line: CodeSpan[] | { v: string }): unknown {
  let column = 0;
  const expand = (text: string) => {
    let out = '';
    for (const letter of text) {
      const wide = letter === '\t' ? TAB - (column % TAB) : 1;
      out += letter === '\t' ? ' '.repeat(wide) : letter;
      column += letter === ZERO_WIDTH_SPACE ? 0 : wide;
    }
    return out;
  };
  if (Array.isArray(line)) return line.map((span) => ({ ...span, v: expand(span.v) }));
  return { ...line, v: expand(line.v) };
}

/**
 * Lets a long word break: after its signs and before its capitals, and where it has none of these for long,
 * after 24 letters.
 */
export function breakable(value: string): string {
  return value.replace(/[^\s\u200b]{13,}/gu, (word) =>
    word
      .replace(/(?<=[\p{L}\p{N}])[-_/.,=:;&?+|]+(?=[^-_/.,=:;&?+|])/gu, (signs) => signs + ZERO_WIDTH_SPACE)
      .replace(/(?<=\p{Ll})(?=\p{Lu})/gu, ZERO_WIDTH_SPACE)
      .replace(/[^\u200b]{31,}/gu, (piece) => (piece.match(/.{1,24}/gsu) ?? []).join(ZERO_WIDTH_SPACE)),
  );
}
