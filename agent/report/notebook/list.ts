import { count } from '../../common/words.ts';
import type { Board, Row, RunRow, SprintRow } from './model.ts';

/** What a person asked to see. It stands in the address of the page, so that a reload keeps it. */
export interface View {
  rows: 'sprints' | 'runs';
  /** Words that all have to occur. */
  text: string;
  /** The words of an outcome; empty: all. */
  outcome: string;
  /** The metric has to be at least this good. */
  value: number | null;
  /** The sprint may have cost this much, in USD. */
  usd: number | null;
  sort: string;
  down: boolean;
  /** Runs that are to be compared, in the order in which they were ticked. */
  ticked: readonly string[];
  comparing: boolean;
  /** Sprints whose details are shown. */
  open: readonly string[];
  /** Whether a long list is shown to its end. */
  all: boolean;
}

export const plainView: View = {
  ...{ rows: 'sprints', text: '', outcome: '', value: null, usd: null, sort: 'number', down: true },
  ...{ ticked: [], comparing: false, open: [], all: false },
};

/** The run that a tick of a row stands for. */
export const runOf = (row: Row): string | null =>
  'candidate' in row ? (row as SprintRow).candidate : row.id;

/** The rows of a leaderboard as they were asked for; the best is first whatever was asked. */
export function shownRows<T extends Row>(rows: readonly T[], board: Board, view: View): T[] {
  const ours = rows.filter((row) => row.board === board.id);
  const sign = view.down ? -1 : 1;
  const kept = ours
    .filter((row) => !row.best && matches(row, board, view))
    .map((row) => ({ row, key: keyOf(row, view.sort) }))
    .sort((a, b) => compared(a.key, b.key, sign) || b.row.number - a.row.number);
  return [...ours.filter(({ best }) => best), ...kept.map(({ row }) => row)];
}

/** How many rows are shown: `2 of 5 runs`, or where none is left out `1 sprint`. */
export const counted = (shown: number, all: number, rows: View['rows']): string =>
  `${shown === all ? '' : `${shown} of `}${count(all, rows === 'runs' ? 'run' : 'sprint')}`;

/** Whether a row is what was asked for. */
function matches(row: Row, board: Board, { text, outcome, value, usd }: View): boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.every((word) => row.words.includes(word))) return false;
  if (outcome !== '' && row.badge.v !== outcome) return false;
  if (usd !== null && row.usd > usd) return false;
  if (value === null) return true;
  const has = row.values[board.metric];
  return has !== undefined && (board.goal === 'max' ? has >= value : has <= value);
}

function keyOf(row: Row, sort: string): number | string | null {
  switch (sort) {
    case 'number':
      return row.number;
    case 'title':
      return row.title.toLowerCase();
    case 'outcome':
      return 'status' in row ? (row as RunRow).status : row.badge.v;
    case 'at':
      return row.at;
    case 'usd':
      return row.usd;
    case 'seconds':
      return row.seconds;
    case 'runs':
      return 'runs' in row ? (row as SprintRow).runs : null;
    case 'seed':
      return 'seed' in row ? (row as RunRow).seed : null;
    case 'samples':
      return 'samples' in row ? (row as RunRow).samples : null;
    default:
      return row.values[sort] ?? null;
  }
}

/** What has no number stands last, whichever way is asked. */
function compared(a: number | string | null, b: number | string | null, sign: number): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  if (typeof a === 'string' || typeof b === 'string') return sign * String(a).localeCompare(String(b));
  return sign * (a - b);
}
