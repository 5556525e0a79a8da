import type { Board, NotebookIndex, RunRow, SprintRow } from '../notebook/model.ts';
import { CONFIRMED, GAIN } from '../notebook/model.ts';

type Field = string | number | boolean | null | undefined;

/** A line a sprint: all that the list has, in full digits. */
export function sprintsCsv({ boards, sprints }: NotebookIndex): string {
  const numbers = numbersOf(boards, sprints);
  const head = ['sprint', 'number', 'title', 'leaderboard', 'outcome', 'best', 'candidate', 'runs', 'usd'];
  const lines = sprints.map((row) => [
    ...[row.id, row.number, row.title, row.board, row.outcome, row.best, row.candidate, row.runs, row.usd],
    ...[row.seconds, row.at, row.commit?.hash, row.commit?.branch],
    ...numbers.map((key) => row.values[key]),
  ]);
  return csv([...head, 'training_seconds', 'opened', 'commit', 'branch', ...numbers.map(named)], lines);
}

/** A line a run. */
export function runsCsv({ boards, runs }: NotebookIndex): string {
  const numbers = numbersOf(boards, runs);
  const head = ['run', 'sprint', 'number', 'title', 'leaderboard', 'status', 'numbers_from', 'best', 'seed'];
  const lines = runs.map((row) => [
    ...[row.id, row.sprint, row.number, row.title, row.board, row.status, row.from, row.best, row.seed],
    ...[row.samples, row.seconds, row.at],
    ...numbers.map((key) => row.values[key]),
  ]);
  return csv([...head, 'samples', 'seconds', 'sprint_opened', ...numbers.map(named)], lines);
}

/** Every number that any row has; those of the lists first. */
function numbersOf(boards: readonly Board[], rows: readonly (SprintRow | RunRow)[]): string[] {
  const listed = boards.flatMap(({ columns }) => columns.map(({ key }) => key));
  return [...new Set([...listed, ...rows.flatMap(({ values }) => Object.keys(values))])];
}

const NAMES: Record<string, string> = { [GAIN]: 'to_best_before', [CONFIRMED]: 'confirmed_mean' };
const named = (key: string) => NAMES[key] ?? key;

const csv = (head: readonly string[], lines: readonly (readonly Field[])[]): string =>
  `${[head, ...lines].map((fields) => fields.map(field).join(',')).join('\r\n')}\r\n`;

/** A field; a text that a spreadsheet would compute, such as "=1+1", is marked as text. */
function field(value: Field): string {
  if (value === null || value === undefined) return '';
  if (typeof value !== 'string') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
