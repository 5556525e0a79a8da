/**
 * Limits on what a report takes from a researcher's Markdown. The report says how much is left out beyond
 * them.
 */
export const limits = {
  /** Bytes of a file that are read, and characters of its Markdown once long parts are shortened. */
  file: 16 * 1024 * 1024,
  source: 400_000,
  /** Paragraphs, lists, tables and the like at the top; a report of more would take minutes to set. */
  blocks: 4_000,
  /** Characters of one paragraph or list. */
  block: 60_000,
  /** Blocks inside blocks: lists in lists, quotes in quotes. */
  depth: 8,
  rows: 200,
  columns: 14,
  codeLines: 400,
  codeColumns: 500,
  /** Bytes of one picture and of all, which are inside the HTML, and the number of pictures in one report. */
  imageBytes: 8 * 1024 * 1024,
  allImageBytes: 32 * 1024 * 1024,
  images: 40,
  /** Pixels of one picture, and of all: few bytes of a PNG can unpack to any number. */
  pixels: 25e6,
  allPixels: 100e6,
  /** Seconds for one plot, and for all plots of one text. */
  plotSeconds: 5,
  allPlotSeconds: 12,
  /** Characters of one formula. */
  math: 2_000,
} as const;

// Control characters, and marks that change the reading direction (a title that reads backwards).
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const unprintable = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufeff]/g;

/**
 * Colours of a terminal in a copied log: with their escape character, with a sign for it, or without, where
 * the last of them is a reset. In source code (`\\033[31m`) they stay.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: a colour begins with one
const colour = /(?:\u001b|\u241b|\^\[)\[[0-9;:]*m/g;
const bareColour = /(?<!\\(?:033|0|e|x1b|u001b|u\{1b\}))\[(?:\d{1,3}(?:;\d{1,3})*)?m(?!\])/g;

function withoutColours(value: string): string {
  const plain = value.replace(colour, '');
  if (!/\[\d{0,3}m/.test(plain)) return plain;
  return plain.replace(/^.+$/gm, (line) => (isColoured(line) ? line.replace(bareColour, '') : line));
}

/** A reset has a number, or a colour with one before it: `[m` alone begins a link, `[mean](…)`. */
function isColoured(line: string): boolean {
  if (/\[(?:0|22|39|49)m/.test(line)) return true;
  const first = line.search(/\[\d[\d;]*m/);
  return first !== -1 && line.includes('[m', first);
}

export function clean(value: string): string {
  // An unpaired surrogate is no character: JSON for the compiler must be valid UTF-8.
  return withoutColours(value)
    .replace(/\r\n?/g, '\n')
    .replace(unprintable, '')
    .replace(/\p{Surrogate}/gu, '\ufffd');
}

/** The address where a link may have it (http, https, mailto), else null. */
export function safeHref(href: string): string | null {
  // A browser drops tabs and newlines inside a scheme and decodes entities, so the check does the same.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: browsers ignore them, so must we
  const bare = decodeEntities(href).replace(/[\u0000-\u0020\u007f-\u00a0\u200b]/g, '');
  if (/^(https?:\/\/[^/]|mailto:[^@]+@)/i.test(bare)) return bare;
  return null;
}

const named: Record<string, string> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: '\u00a0',
  colon: ':',
  tab: '\t',
  newline: '\n',
  lpar: '(',
  rpar: ')',
  ndash: '–',
  mdash: '—',
  hellip: '…',
  times: '×',
  le: '≤',
  ge: '≥',
  ne: '≠',
  rarr: '→',
};

/** Decodes HTML's character references, which marked leaves as written. Unknown ones and controls stay. */
export function decodeEntities(value: string): string {
  return value.replace(/&(#x[0-9a-f]{1,6}|#\d{1,7}|[a-z]{2,8});?/gi, (whole, body: string) => {
    if (!body.startsWith('#')) return named[body.toLowerCase()] ?? whole;
    const code = /^#x/i.test(body) ? Number.parseInt(body.slice(2), 16) : Number(body.slice(1));
    return (code >= 32 || code === 9 || code === 10) && code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000)
      ? String.fromCodePoint(code)
      : whole;
  });
}
