import { decodeEntities } from './guards.ts';

/** A piece of HTML: a tag, a comment, or the words between. */
export type Piece =
  | { p: 'open'; name: string; raw: string; attributes: Record<string, string>; empty: boolean }
  | { p: 'close'; name: string; raw: string }
  | { p: 'comment'; raw: string }
  | { p: 'words'; raw: string };

const TAG = /<!--[\s\S]*?-->|<\/?[a-z][a-z0-9-]*(?=[\s/>])(?:[^<>"']|"[^"]*"|'[^']*')*>/gi;
const ATTRIBUTE = /([a-z][\w-]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+)))?/gi;
/** Elements that have no end. */
const EMPTY = new Set(['br', 'hr', 'img', 'wbr', 'input', 'col', 'source']);

/** Tags that stand for a kind of text; others are shown as they are written. */
const INLINE = new Set(
  'b strong i em cite var dfn s strike del ins u mark small big span font abbr q code kbd samp tt sub sup a br wbr img label'.split(
    ' ',
  ),
);
/** Blocks that some write inside a line, as in the cell of a table. */
const IN_LINES = 'details summary p div center ul ol li table thead tbody tr td th'.split(' ');
export const BLOCK = new Set(
  'details summary div p center section article header footer figure figcaption picture source h1 h2 h3 h4 h5 h6 hr ul ol li blockquote pre table caption colgroup col thead tbody tfoot tr td th dl dt dd'.split(
    ' ',
  ),
);

/** Splits HTML into its pieces. Nothing is interpreted: what is no known tag is words. */
export function pieces(html: string): Piece[] {
  const out: Piece[] = [];
  let from = 0;
  const words = (to: number) => {
    if (to > from) out.push({ p: 'words', raw: html.slice(from, to) });
  };
  for (const match of html.matchAll(TAG)) {
    const piece = pieceOf(match[0]);
    if (piece.p === 'words') continue;
    words(match.index);
    out.push(piece);
    from = match.index + match[0].length;
  }
  words(html.length);
  return out;
}

const inLines = new Set([...INLINE, ...IN_LINES]);
/** The tag of a token in a line. `<source>` and `<section>` are more often names than tags there. */
export const pieceInLine = (raw: string): Piece => pieceOf(raw, inLines);

const all = new Set([...INLINE, ...BLOCK]);
/** One tag or comment as a piece; words where it is neither, or none of these tags. */
function pieceOf(raw: string, names = all): Piece {
  if (raw.startsWith('<!--') && raw.endsWith('-->')) return { p: 'comment', raw };
  const [, slash, letters = '', rest = ''] = /^<(\/?)([a-z][a-z0-9-]*)([\s\S]*?)\/?>$/i.exec(raw) ?? [];
  const name = letters.toLowerCase();
  if (!names.has(name)) return { p: 'words', raw };
  if (slash) return { p: 'close', name, raw };
  const attributes: Record<string, string> = {};
  for (const [, key = '', double, single, bare] of rest.matchAll(ATTRIBUTE)) {
    attributes[key.toLowerCase()] = decodeEntities(double ?? single ?? bare ?? '');
  }
  return { p: 'open', name, raw, attributes, empty: EMPTY.has(name) };
}

/** An element, with what stands in it. */
export interface Element<Leaf> {
  name: string;
  /** The tag that opened it. */
  raw: string;
  attributes: Record<string, string>;
  kids: (Element<Leaf> | Leaf)[];
}

/** The HTML of an element, from the HTML of what stands in it. */
export const htmlOf = <Leaf>({ name, raw }: Element<Leaf>, inner: string): string =>
  EMPTY.has(name) ? raw : `${raw}${inner}</${name}>`;

export const isElement = <Leaf extends object>(kid: Element<Leaf> | Leaf): kid is Element<Leaf> =>
  'kids' in kid && 'attributes' in kid;

/** Elements that end where the next of their kind begins. */
const FOLLOW: Record<string, string[]> = {
  li: ['li'],
  tr: ['tr', 'td', 'th'],
  td: ['td', 'th'],
  th: ['td', 'th'],
  p: ['p'],
  dt: ['dt', 'dd'],
  dd: ['dt', 'dd'],
};

/** Elements inside elements; what is deeper is words. */
const DEPTH = 40;

/**
 * Nests pieces of HTML and other leaves into elements. A tag that is not closed, or closes nothing, becomes a
 * leaf of words again, by `words`; but those that `closes` names end with what is around them.
 */
export function nest<Leaf extends object>(
  stream: readonly (Piece | { p: 'leaf'; leaf: Leaf })[],
  words: (raw: string) => Leaf,
  closes: (name: string) => boolean = () => false,
): (Element<Leaf> | Leaf)[] {
  const root: Element<Leaf> = { name: '', raw: '', attributes: {}, kids: [] };
  const open: Element<Leaf>[] = [root];
  const top = () => open.at(-1) ?? root;
  /** Ends the innermost element; one that was never closed gives its tag back as words. */
  const end = (closed: boolean) => {
    const last = open.pop();
    if (!last) return;
    if (closed || closes(last.name)) top().kids.push(last);
    else top().kids.push(words(last.raw), ...last.kids);
  };
  for (const piece of stream) {
    if (piece.p === 'leaf') top().kids.push(piece.leaf);
    else if (piece.p === 'words') top().kids.push(words(piece.raw));
    else if (piece.p === 'open') {
      while (FOLLOW[piece.name]?.includes(top().name)) end(true);
      const { name, raw, attributes } = piece;
      const element = { name, raw, attributes, kids: [] };
      if (piece.empty) top().kids.push(element);
      else if (open.length > DEPTH) top().kids.push(words(raw));
      else open.push(element);
    } else if (piece.p === 'close') {
      const at = open.findLastIndex(({ name }) => name === piece.name);
      if (at <= 0) top().kids.push(words(piece.raw));
      else {
        while (open.length - 1 > at) end(false);
        end(true);
      }
    }
  }
  while (open.length > 1) end(false);
  return root.kids;
}
