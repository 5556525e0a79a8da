/**
 * A report as plain JSON: the one thing that the Markdown, HTML and PDF writers walk. Text is data
 * everywhere; no node holds markup of a target language, except `svg` (drawn by us) and `mathml` (made by
 * temml, then sanitised).
 */
export type Inline =
  | { t: 'text'; v: string }
  | { t: 'strong'; c: Inline[] }
  | { t: 'em'; c: Inline[] }
  | { t: 'del'; c: Inline[] }
  | { t: 'code'; v: string }
  | { t: 'link'; href: string; c: Inline[] }
  | { t: 'math'; tex: string; mathml: string; walk: MathNode | null }
  | { t: 'break' };

/** What report.typ can set as an equation; null where a formula uses something else and is shown as code. */
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
  | { m: 'fence'; open: string; close: string; c: MathNode }
  | { m: 'table'; rows: MathNode[][]; align: 'left' | 'center' | 'right' };

/** Coloured pieces of one line of code; `k` is a class of report.typ's and style.css's palette. */
export type CodeSpan = { v: string; k: 'plain' | 'keyword' | 'string' | 'number' | 'comment' | 'name' };

export type Align = 'left' | 'center' | 'right';

export type Picture =
  /** Panels side by side, each of the same size, under one legend. */
  | { kind: 'plot'; panels: string[]; legend: LegendItem[] }
  /** A file of the researcher's, read and checked: `name` is its path inside the sprint's folder. */
  | {
      kind: 'file';
      name: string;
      mime: 'image/png' | 'image/jpeg' | 'image/gif' | 'image/svg+xml';
      base64: string;
    };

export type LegendItem = { label: string; colour: string; mark: 'line' | 'dot' | 'dash' };

export type Row = { cells: Inline[][]; tone: 'plain' | 'best' | 'muted' };

export type Block =
  | { t: 'heading'; level: 1 | 2 | 3 | 4; c: Inline[] }
  | { t: 'para'; c: Inline[] }
  | { t: 'code'; lang: string; lines: CodeSpan[][]; omitted: number }
  | { t: 'list'; ordered: boolean; start: number; items: { checked: boolean | null; c: Block[] }[] }
  | { t: 'quote'; c: Block[] }
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
  /** Stands where a picture could not be shown. */
  | { t: 'missing'; what: string; why: string }
  | { t: 'title'; kicker: string; title: string; facts: string[]; badges: Badge[] }
  | { t: 'cards'; cards: Card[] }
  | { t: 'callout'; label: string; tone: Tone; c: Inline[] }
  | { t: 'facts'; rows: { label: string; c: Inline[] }[] }
  | { t: 'diff'; files: DiffFile[]; omitted: number }
  /** Written by the researcher: sanitised once more on its way to HTML. */
  | { t: 'untrusted'; c: Block[] };

export type Tone = 'good' | 'bad' | 'neutral' | 'warn';
export type Badge = { v: string; tone: Tone };
export type Card = { label: string; value: string; note: string; main: boolean };
export type Caption = { label: string; c: Inline[] };
export type DiffLine = { k: 'add' | 'remove' | 'keep' | 'hunk'; v: string };
export type DiffFile = { path: string; note: string; lines: DiffLine[] };

export interface Report {
  title: string;
  /** Running heads of the pages. */
  left: string;
  right: string;
  /** Running foot of the pages: the task. */
  foot: string;
  /** ISO date, for the PDF's metadata: the same input gives the same bytes. */
  date: string;
  blocks: Block[];
}

export const text = (v: string): Inline => ({ t: 'text', v });
export const strong = (v: string): Inline => ({ t: 'strong', c: [text(v)] });
export const em = (v: string): Inline => ({ t: 'em', c: [text(v)] });
export const code = (v: string): Inline => ({ t: 'code', v });
export const para = (...c: Inline[]): Block => ({ t: 'para', c });
export const heading = (level: 1 | 2 | 3 | 4, v: string): Block => ({ t: 'heading', level, c: [text(v)] });

/** The words of a piece of text without their marks. */
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
