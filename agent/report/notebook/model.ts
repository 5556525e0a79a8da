import type { Sprint } from '#contract/sprint';
import type { Outcome } from '#contract/verdict';
import type { RunSettings } from '../document/side-by-side.ts';
import type { Badge } from '../document/tree.ts';

/** The commit of a sprint and the branch that it was found on. */
export interface Commit {
  hash: string;
  branch: string | null;
}

/** A file beside the page, by a path relative to it. */
export interface Link {
  label: string;
  href: string;
}

/** Columns that are no metric, whose names do not begin with a colon: the difference to the best before, */
export const GAIN = ':gain';
/** and the mean of the deciding metric on secret worlds. */
export const CONFIRMED = ':confirmed';

/** A number of the list: its key in `values` of a row, its heading, and the direction that is better. */
export interface Column {
  key: string;
  label: string;
  better: 'max' | 'min' | null;
}

/** A leaderboard: numbers are compared within one only. */
export interface Board {
  id: string;
  profile: string;
  metric: string;
  goal: 'max' | 'min';
  columns: Column[];
  /** The present best: its sprint and its run. Null before the first verified gain. */
  best: { sprint: string; run: string } | null;
}

/** What a row of the list has, a sprint as well as a run. */
export interface Row {
  id: string;
  board: string;
  /** The number of the sprint. */
  number: number;
  title: string;
  outcome: Outcome;
  badge: Badge;
  best: boolean;
  /** Numbers by column. */
  values: Record<string, number>;
  usd: number;
  seconds: number | null;
  /** When the sprint was opened. */
  at: string;
  /** What a search looks through, in lower case. */
  words: string;
}

export interface SprintRow extends Row {
  /** What a reader should know before its numbers. */
  remarks: string[];
  runs: number;
  /** The run that stands for the sprint in a comparison. */
  candidate: string | null;
  commit: Commit | null;
  links: Link[];
}

export interface RunRow extends Row {
  sprint: string;
  status: string;
  /** Where its numbers come from; null: it has none. */
  from: 'verdict' | 'snapshot' | null;
  seed: number;
  samples: number;
}

/** What the page reads when it opens. */
export interface NotebookIndex {
  title: string;
  boards: Board[];
  sprints: SprintRow[];
  runs: RunRow[];
  /** Numbers of a training log that are drawn first, as the task names them. */
  curves: string[];
}

export interface Guard {
  name: string;
  condition: string;
  value: number | null;
  /** What is wrong; null where it holds. */
  broken: string | null;
}

/** A patch of a sprint: its text, or where it is too long for the page only its size. */
export interface Patch {
  text: string | null;
  bytes: number;
  href: string;
}

/** What the page reads when a sprint is looked at: its whole record, and what lies beside it. */
export interface SprintDetail {
  sprint: Sprint;
  /** What the researcher wrote: HTML, framed and sanitised. */
  words: string;
  guards: Guard[];
  patch: Patch | null;
  commit: Commit | null;
  links: Link[];
  /** By run. */
  settings: Record<string, RunSettings>;
  /** Files of a run's folder, by run. */
  files: Record<string, Link[]>;
}
