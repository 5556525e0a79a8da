import temml from 'temml';
import type { MathNode } from '../document/tree.ts';
import { limits } from './guards.ts';
import { macros, mend, mendNames } from './tex.ts';

/** A node of temml's MathML tree, with the fields that we read. */
interface Mathml {
  type?: string;
  text?: string;
  attributes?: Record<string, string>;
  classes?: string[];
  style?: Record<string, string>;
  children?: Mathml[];
}

/** temml's types are written for a page with a DOM and omit that the default export has these functions. */
const { renderToString, __renderToMathMLTree } = temml as unknown as {
  renderToString(tex: string, options: object): string;
  __renderToMathMLTree(tex: string, options: object): Mathml;
};

export interface Formula {
  tex: string;
  /** MathML for HTML; empty where temml could not read the formula, which is then shown as code. */
  mathml: string;
  walk: MathNode | null;
}

/** How temml writes a box; the allow-list of the HTML knows classes only. */
const BOX = 'style="padding:3pt;border:1px solid;"';

/**
 * Converts LaTeX to MathML for HTML and, from the same tree, to the nodes that report.typ sets. An unknown
 * command is shown as its name, the rest as a formula. Never throws.
 */
export function formula(tex: string, display: boolean): Formula {
  const source = tex.trim();
  if (source === '' || source.length > limits.math) return { tex, mathml: '', walk: null };
  const options = {
    displayMode: display,
    throwOnError: false,
    trust: false,
    maxExpand: 200,
    wrap: 'none',
    macros: { ...macros },
  };
  try {
    for (const meant of [mendNames(mend(source), true), mendNames(mend(source))]) {
      // In a line, a browser may break a formula only between the groups that the mode `tex` makes.
      const mathml = renderToString(meant, { ...options, wrap: display ? 'none' : 'tex' });
      if (!mathml.startsWith('<math')) continue;
      const tree = __renderToMathMLTree(meant, { ...options, macros: { ...macros } });
      return { tex: source, mathml: mathml.replaceAll(BOX, 'class="tml-fbox"'), walk: walk(tree, 0) };
    }
  } catch {
    // It is shown as code.
  }
  return { tex: source, mathml: '', walk: null };
}

const accents = new Set(['^', 'ˆ', '~', '˜', '¯', '‾', '→', '⃗', '˙', '¨', '´', '`', '˘', 'ˇ', '˚']);

function walk(node: Mathml, depth: number): MathNode {
  const kids = node.children ?? [];
  if (depth > 40) return { m: 'text', v: words(node) };
  const at = (index: number): MathNode => {
    return kids[index] ? walk(kids[index], depth + 1) : { m: 'row', c: [] };
  };
  switch (node.type) {
    case 'math':
    case 'mrow':
    case 'mstyle':
    case 'semantics':
    case 'mpadded':
      if (node.style?.border) return enclosed(node, { m: 'row', c: kids.map((kid) => walk(kid, depth + 1)) });
      return fenced(kids, depth) ?? { m: 'row', c: kids.map((kid) => walk(kid, depth + 1)) };
    case 'menclose':
      return enclosed(node, { m: 'row', c: kids.map((kid) => walk(kid, depth + 1)) });
    case 'mphantom':
      return { m: 'around', how: 'hide', base: { m: 'row', c: kids.map((kid) => walk(kid, depth + 1)) } };
    case 'mi':
      return identifier(node);
    case 'mn':
      return { m: 'num', v: words(node) };
    case 'mo':
      return operator(node);
    case 'mtext':
      return { m: 'text', v: words(node).replaceAll('\u00a0', ' ') };
    case 'mspace':
      return { m: 'space', em: Number.parseFloat(node.attributes?.width ?? '0') || 0 };
    case 'mfrac':
      return {
        m: 'frac',
        a: at(0),
        b: at(1),
        bar: !/^0(px|em)?$/.test(node.attributes?.linethickness ?? ''),
      };
    case 'msqrt':
      return { m: 'root', a: { m: 'row', c: kids.map((kid) => walk(kid, depth + 1)) }, n: null };
    case 'mroot':
      return { m: 'root', a: at(0), n: at(1) };
    case 'msub':
      return { m: 'attach', base: at(0), sub: at(1), sup: null, limits: false };
    case 'msup':
      return { m: 'attach', base: at(0), sub: null, sup: at(1), limits: false };
    case 'msubsup':
      return { m: 'attach', base: at(0), sub: at(1), sup: at(2), limits: false };
    case 'munder':
      if (words(kids[1] ?? {}) === '⏟') return { m: 'around', how: 'underbrace', base: at(0) };
      if (isLine(kids[1])) return { m: 'line', base: at(0), over: false };
      return { m: 'attach', base: at(0), sub: at(1), sup: null, limits: true };
    case 'mover': {
      const mark = kids[1]?.type === 'mo' ? words(kids[1]) : '';
      if (mark === '⏞') return { m: 'around', how: 'overbrace', base: at(0) };
      if (isLine(kids[1])) return { m: 'line', base: at(0), over: true };
      if (accents.has(mark)) return { m: 'accent', base: at(0), v: mark };
      return { m: 'attach', base: at(0), sub: null, sup: at(1), limits: true };
    }
    case 'munderover':
      return { m: 'attach', base: at(0), sub: at(1), sup: at(2), limits: true };
    case 'mtable':
      return table(node, depth);
    case undefined:
      // A fragment of temml's, or bare text.
      if (node.text !== undefined) return { m: 'text', v: node.text };
      return { m: 'row', c: kids.map((kid) => walk(kid, depth + 1)) };
    default:
      return { m: 'text', v: words(node) };
  }
}

function enclosed({ attributes, classes = [] }: Mathml, base: MathNode): MathNode {
  const notation = `${attributes?.notation ?? ''} ${classes.join(' ')}`;
  if (/\btop\b|\bbottom\b/.test(notation)) return { m: 'line', base, over: notation.includes('top') };
  if (/strike|cancel/.test(notation)) return { m: 'around', how: 'cancel', base };
  return { m: 'around', how: 'box', base };
}

function isLine(node: Mathml | undefined): boolean {
  return (
    node?.type === 'mo' && ['¯', '‾', '_', '―'].includes(words(node)) && !node.classes?.includes('chr-sml')
  );
}

/** A row between stretching fences: \left( ... \right), cases. */
function fenced(kids: Mathml[], depth: number): MathNode | null {
  const [first, last] = [kids[0], kids.at(-1)];
  const isFence = (node: Mathml | undefined) => node?.type === 'mo' && node.attributes?.fence === 'true';
  if (kids.length < 2 || !isFence(first) || !isFence(last) || first?.attributes?.stretchy !== 'true')
    return null;
  const inner = kids.slice(1, -1).map((kid) => walk(kid, depth + 1));
  return {
    m: 'fence',
    open: words(first as Mathml),
    close: words(last as Mathml),
    c: { m: 'row', c: inner },
  };
}

function identifier(node: Mathml): MathNode {
  const value = words(node);
  const variant = node.attributes?.mathvariant ?? '';
  if (variant.includes('bold')) return { m: 'id', v: value, style: 'bold' };
  if (variant === 'normal' || [...value].length > 1) return { m: 'id', v: value, style: 'upright' };
  return { m: 'id', v: value, style: 'italic' };
}

function operator(node: Mathml): MathNode {
  const value = words(node);
  if (value === '' || value === '\u2061' || value === '\u2062') return { m: 'row', c: [] };
  const tight = node.attributes?.fence === 'true' || node.attributes?.lspace === '0em';
  return { m: 'op', v: value, space: tight ? 'none' : 'normal' };
}

function table(node: Mathml, depth: number): MathNode {
  const rows = node.children ?? [];
  // Numbered lines have a cell of half the width on both sides; that on the right may hold a tag.
  const isGlue = (cell: Mathml) => cell.style?.width === '50%';
  const cells = rows.map((row) => {
    const all = row.children ?? [];
    const inner = all.filter((cell) => !isGlue(cell)).map((cell) => contents(cell, depth));
    const tag = all.filter(isGlue).map(words).join('');
    const last = inner.pop();
    if (last)
      inner.push(tag === '' ? last : { m: 'row', c: [last, { m: 'space', em: 2 }, { m: 'text', v: tag }] });
    return inner;
  });
  const marks = (rows[0]?.children ?? [])
    .filter((cell) => !isGlue(cell))
    .flatMap((cell) => cell.classes ?? []);
  const align = marks.includes('tml-left') ? 'left' : marks.includes('tml-right') ? 'right' : 'center';
  // The environments of AMS set lines of equations; matrices and cases set cells.
  return { m: 'table', rows: cells, align, lines: node.attributes?.displaystyle === 'true' };
}

function contents(cell: Mathml, depth: number): MathNode {
  return { m: 'row', c: (cell.children ?? []).map((kid) => walk(kid, depth + 2)) };
}

function words(node: Mathml): string {
  if (node.text !== undefined) return node.text;
  return (node.children ?? []).map(words).join('');
}
