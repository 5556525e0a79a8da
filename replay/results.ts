import type { LedgerRow } from './choose.ts';

/** What a run says of itself and what was measured of it, as the tools print it. */
export interface RunResult {
  run: string;
  status: string;
  /** After the status: why it is not `finished`. */
  reason: string;
  /** The trainer's word: loss, l0, explained_variance, ... */
  claimed: Record<string, number>;
  /** The last snapshot, on few fresh samples: f1, mcc, ... */
  measured: Record<string, number>;
}

const NOT_METRICS = ['#', 'id', 'title', 'outcome', 'predicted', 'reason'];

/** The ledger's table in what `read_results {}` prints, oldest sprint first; empty where there is no table. */
export function parseLedger(text: string): LedgerRow[] {
  return tableWith(text, ['#', 'id', 'outcome']).map(({ cells, row }) => ({
    number: Number(cells['#']),
    id: cells.id,
    // "no-gain (infrastructure kept)"
    outcome: cells.outcome.replace(/ .*$/s, ''),
    metrics: Object.fromEntries(
      row
        .filter(([name, cell]) => !NOT_METRICS.includes(name) && cell !== '')
        .map(([name, cell]) => [name, Number(cell)]),
    ),
  }));
}

/** The run in what `wait_for_experiment` prints; null where it says that there is none. */
export function parseRun(text: string): RunResult | null {
  const [first] = tableWith(text, ['run', 'status', 'claimed', 'measured']);
  if (!first) return null;
  const { run, status: said, claimed, measured } = first.cells;
  const [, status, reason] = /^([^:]*)(?:: (.*))?$/.exec(said) ?? [];
  return {
    run,
    status: status ?? said,
    reason: reason ?? '',
    claimed: namedNumbers(claimed),
    measured: namedNumbers(measured),
  };
}

/** The id, or the ticket of a queue, in what `run_experiment` answers. */
export function runIdOf(text: string): string | null {
  return /\b(?:Run|Queued as) ([\w.-]+)/.exec(text)?.[1] ?? null;
}

/** The sprint's folder in what `start_sprint` answers, "sprints/<id>"; also where it says that this sprint is claimed already. */
export function sprintFolderOf(text: string): string | null {
  const claimed = /this sprint is ([\w.-]+) already/.exec(text)?.[1];
  return claimed ? `sprints/${claimed}` : (/\bsprints\/[\w.-]+(?=\/)/.exec(text)?.[0] ?? null);
}

/** The commit that the prompt names as the best-known workspace. */
export function bestKnownOf(prompt: string): string | null {
  return /best-known workspace: ([0-9a-f]{7,40})\b/.exec(prompt)?.[1] ?? null;
}

/** "f1 0.84, mcc 0.7" as a record. */
function namedNumbers(text: string): Record<string, number> {
  return Object.fromEntries(
    [...text.matchAll(/(\w+) (-?[\d.]+(?:e[+-]?\d+)?)/g)].map(([, k, v]) => [k, Number(v)]),
  );
}

interface Row<Column extends string> {
  /** The columns that were asked for. */
  cells: Record<Column, string>;
  /** All of them, in order, with their names. */
  row: [name: string, cell: string][];
}

/** Rows of the first Markdown table that has these columns. */
function tableWith<const Column extends string>(text: string, columns: readonly Column[]): Row<Column>[] {
  const lines = text.split('\n').map(cellsOf);
  const at = lines.findIndex((cells) => cells !== null && columns.every((column) => cells.includes(column)));
  const head = lines[at];
  if (!head) return [];
  const rows: Row<Column>[] = [];
  for (const line of lines.slice(at + 2)) {
    if (!line) break;
    const row = head.map((name, i): [string, string] => [name, line[i] ?? '']);
    const cells = new Map(row);
    const asked = columns.map((column) => [column, cells.get(column) ?? '']);
    rows.push({ cells: Object.fromEntries(asked) as Record<Column, string>, row });
  }
  return rows;
}

/** The cells of a line of a table (bars inside are escaped), or null for any other line. */
function cellsOf(line: string): string[] | null {
  if (!/^\|.*\|$/.test(line.trim())) return null;
  return line
    .trim()
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll('\\|', '|'));
}
