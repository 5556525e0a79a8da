import type { Verdict } from '#contract/verdict';

/**
 * What the worlds of a task are called for people: the one that runs are verified on, and the secret ones.
 */
export interface WorldWords {
  known: string;
  /** Without an article: "secret world". */
  secret: string;
  secrets: string;
  /** Rows that a verdict is of: "fresh samples". */
  rows: string;
}

const WORDS: Record<'drawn' | 'rows', WorldWords> = {
  drawn: {
    ...{ known: 'the public world', secret: 'secret world', secrets: 'secret worlds' },
    rows: 'fresh samples',
  },
  rows: {
    ...{ known: 'the public held-out rows', secret: 'secret part', secrets: 'secret parts' },
    rows: 'held-out rows',
  },
};

/** Rows that a verdict is of: "2,000 held-out rows"; "all 1,200 held-out rows" where there are no more. */
export const rowsOf = (verdict: Pick<Verdict, 'world' | 'evaluation'>): string => {
  const { all, samples } = verdict.evaluation;
  return `${all ? 'all ' : ''}${samples.toLocaleString('en-US')} ${worldWords(verdict).rows}`;
};

/** By the kind of world of the verdict: a world of rows is one folder, of which parts are held out. */
export const worldWords = (verdict: Pick<Verdict, 'world'> | null | undefined): WorldWords =>
  WORDS[verdict?.world.kind === 'rows' ? 'rows' : 'drawn'];
