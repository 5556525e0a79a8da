import { createHash } from 'node:crypto';
import type { HintAnswer } from '#contract/sprint';
import { plain } from '#contract/text';

/** One hint of the people whom the researcher works for. */
export interface Hint {
  /** Made from its words: it is the same in every sprint, wherever the hint stands in HINTS.md. */
  id: string;
  /** Its words, as one line. */
  text: string;
}

const MARKER = /^(?:[-*+]|\d{1,3}[.)])\s+/;
const HEADING = /^#{1,6}\s/;
const FENCE = /^\s*(?:```|~~~)/;

/**
 * The hints of a text: each item of a list, and each paragraph beside lists. What is indented belongs to the
 * hint above it. Headings are no hints.
 */
export function hintsIn(text: string): Hint[] {
  const all = partsOf(text.split('\n')).map(({ hint }) => hint);
  return all.filter(({ id }, at) => all.findIndex((other) => other.id === id) === at);
}

/** The same text with the id of each hint before it: `[3fa2c1] - Try sorting.` */
export function marked(text: string): string {
  const lines = text.split('\n');
  for (const { at, hint } of partsOf(lines)) lines[at] = `[${hint.id}] ${lines[at]}`;
  return lines.join('\n');
}

/** A line without the id that `marked` puts before it. */
export const unmarked = (line: string): string => line.replace(/^\[[0-9a-f]{6}\] /, '');

interface Part {
  /** The line on which it begins. */
  at: number;
  hint: Hint;
}

function partsOf(lines: readonly string[]): Part[] {
  const parts: { at: number; lines: string[] }[] = [];
  let open: string[] | null = null;
  let [gap, fenced] = [false, false];
  for (const [at, line] of lines.entries()) {
    const starts: boolean = open === null || MARKER.test(line) || (gap && !/^\s/.test(line));
    if (FENCE.test(line)) fenced = !fenced;
    else if (!fenced && line.trim() === '') gap = true;
    else if (!fenced && HEADING.test(line)) open = null;
    else if (!fenced && starts) {
      open = [line.replace(MARKER, '')];
      parts.push({ at, lines: open });
    } else open?.push(line);
    if (line.trim() !== '') gap = false;
  }
  return parts.flatMap(({ at, lines: own }) => {
    const text = plain(own.join(' '));
    // A rule, or a marker alone.
    return /[\p{L}\p{N}]/u.test(text) ? [{ at, hint: { id: idOf(text), text } }] : [];
  });
}

const idOf = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 6);

/** What a researcher says of a hint, as its tools take it. */
type Said = Omit<HintAnswer, 'text'>;

/** Answers with the words of their hints; of two answers to one hint the later one. */
export function answersTo(hints: readonly Hint[], said: readonly Said[]): HintAnswer[] {
  const last = new Map(said.map((answer) => [answer.hint, answer]));
  return hints.flatMap(({ id, text }) => {
    const answer = last.get(id);
    return answer ? [{ ...answer, text }] : [];
  });
}
