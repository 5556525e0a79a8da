/**
 * A report as plain JSON, which the Markdown, HTML and PDF writers all read. Text is data everywhere: no
 * node holds markup of a target language, except `svg` (drawn by us) and `mathml` (made by temml, then
 * sanitised).
 */
export type Inline =
  | { t: 'text'; v: string }
  | { t: 'strong'; c: Inline[] }
  | { t: 'em'; c: Inline[] }
  | { t: 'del'; c: Inline[] }
  | { t: 'sub'; c: Inline[] }
  | { t: 'sup'; c: Inline[] }
  | { t: 'code'; v: string }
  | { t: 'link'; href: string; c: Inline[] }
  /** A file by its path from the root of the repository: a link once it is known where the report lies. */
  | { t: 'file'; path: string; c: Inline[] }
  | { t: 'math'; tex: string; mathml: string; walk: MathNode | null }
  | { t: 'break' };

/** The formulas that report.typ can set; null where one cannot be read, and is shown as code. */
export type MathNode =
  | { m: 'row'; c: MathNode[] }
  | { m: 'sym'; v: string }
  | { m: 'id'; v: string; style: 'italic' | 'upright' | 'bold' }
  | { m: 'num'; v: string }
  | { m: 'op'; v: string; space: 'normal' | 'none' }
  | { m: 'text'; v: string }
  | { m: 'space'; em: number }
  | { m: 'frac'; a: MathNode; b: MathNode; bar: boolean }
  | { m: 'root'; a: MathNode; n: MathNode | null }
  | { m: 'attach'; base: MathNode; sub: MathNode | null; sup: MathNode | null; limits: boolean }
  | { m: 'accent'; base: MathNode; v: string }
  | { m: 'line'; base: MathNode; over: boolean }
  | { m: 'around'; how: 'underbrace' | 'overbrace' | 'box' | 'cancel' | 'hide'; base: MathNode }
  | { m: 'fence'; open: string; close: string; c: MathNode }
  | { m: 'table'; rows: MathNode[][]; align: 'left' | 'center' | 'right'; lines: boolean };

/** Coloured pieces of one line of code; `k` is a class in the palettes of report.typ and style.css. */
export type CodeSpan = { v: string; k: 'plain' | 'keyword' | 'string' | 'number' | 'comment' | 'name' };

export type Align = 'left' | 'center' | 'right';

export type Picture =
  /**
   * Panels side by side, each of the same size, under one legend. `phone`: the same for a narrow screen,
   * where these would be too wide; a page alone has use for it.
   */
  | { kind: 'plot'; panels: string[]; phone?: string[]; legend: LegendItem[] }
  /** A file of the researcher, read and checked: `name` is its path inside the sprint's folder. */
  | {
      kind: 'file';
      name: string;
      mime: 'image/png' | 'image/jpeg' | 'image/gif' | 'image/svg+xml';
      base64: string;
    };

export type LegendItem = { label: string; colour: string; mark: 'line' | 'dot' | 'dash' | 'band' };

export type Row = { cells: Inline[][]; tone: 'plain' | 'best' | 'muted' };

export type Block =
  | { t: 'heading'; level: 1 | 2 | 3 | 4; c: Inline[] }
  | { t: 'para'; c: Inline[] }
  /** Lines that are left out are in the file `whole`, where it is known. */
  | { t: 'code'; lang: string; lines: CodeSpan[][]; omitted: number; whole?: string }
  | { t: 'list'; ordered: boolean; start: number; items: { checked: boolean | null; c: Block[] }[] }
  | { t: 'quote'; c: Block[] }
  /** A quote with a label of its own: a note, a warning. */
  | { t: 'note'; label: string; tone: Tone; c: Block[] }
  /** What a page folds away under its summary; paper shows all. */
  | { t: 'details'; summary: Inline[]; c: Block[] }
  | {
      t: 'table';
      head: Inline[][];
      align: Align[];
      rows: Row[];
      caption: Caption | null;
      omitted: string | null;
    }
  | { t: 'rule' }
  | { t: 'equation'; tex: string; mathml: string; walk: MathNode | null }
  | { t: 'figure'; picture: Picture; alt: string; caption: Caption | null }
  /** Placeholder for a picture that could not be shown. */
  | { t: 'missing'; what: string; why: string }
  | { t: 'title'; kicker: string; title: string; facts: string[]; badges: Badge[] }
  | { t: 'cards'; cards: Card[] }
  | { t: 'callout'; label: string; tone: Tone; c: Inline[] }
  | { t: 'facts'; rows: { label: string; c: Inline[] }[] }
  /** Lines that are left out are in the file `whole`. */
  | { t: 'diff'; files: DiffFile[]; omitted: number; whole: string }
  /** Blocks written by the researcher, framed under a label: the HTML writer sanitises them again. */
  | { t: 'untrusted'; label: string; c: Block[] };

export type Tone = 'good' | 'bad' | 'neutral' | 'warn';
export type Badge = { v: string; tone: Tone };
export type Card = { label: string; value: string; note: string; main: boolean };
export type Caption = { label: string; c: Inline[] };
export type DiffLine = { k: 'add' | 'remove' | 'keep' | 'hunk'; v: string };
export type DiffFile = { path: string; note: string; lines: DiffLine[] };

export interface Report {
  title: string;
  /** Page headers: `left` and `right`. */
  left: string;
  right: string;
  /** Page footer: the task. */
  foot: string;
  /** ISO date for the PDF's metadata, so that the same input gives the same file. */
  date: string;
  blocks: Block[];
}

export const text = (v: string): Inline => ({ t: 'text', v });
export const strong = (v: string): Inline => ({ t: 'strong', c: [text(v)] });
export const em = (v: string): Inline => ({ t: 'em', c: [text(v)] });
export const code = (v: string): Inline => ({ t: 'code', v });
export const para = (...c: Inline[]): Block => ({ t: 'para', c });
export const heading = (level: 1 | 2 | 3 | 4, v: string): Block => ({ t: 'heading', level, c: [text(v)] });

/** The text of inline nodes without their formatting. */
export function plain(inlines: readonly Inline[]): string {
  return inlines
    .map((node) => {
      if (node.t === 'text' || node.t === 'code') return node.v;
      if (node.t === 'math') return node.tex;
      if (node.t === 'break') return ' ';
      return plain(node.c);
    })
    .join('');
}

/** What stands below code that was cut. */
export const moreLines = ({ omitted, whole }: { omitted: number; whole?: string }): string =>
  `${omitted} more lines left out${whole === undefined ? '' : `; ${whole} has all`}`;

/** A frame around what the researcher wrote, so that nothing in it reads like a word of ours. */
export const theirs = (c: Block[]): Block => ({ t: 'untrusted', label: 'In the words of the researcher', c });
