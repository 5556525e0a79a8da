import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '#contract/atomic';
import type { Sprint } from '#contract/sprint';
import { csv } from '../common/csv.ts';
import { cellsOf, type Row, runRow, sprintRow } from '../ledger/rows.ts';
import { timeInSprint } from '../ledger/time-against.ts';

/**
 * Writes the ledger as CSV among the reports, from the closed sprints alone: `ledger.csv` with a line for
 * each sprint, `runs.csv` with a line for each of their runs. Returns the paths.
 */
export function writeTables(reportsDir: string, sprints: readonly Sprint[]): string[] {
  const tables: [string, Row[]][] = [
    ['ledger.csv', sprints.map((sprint) => sprintRow(sprint, sprints))],
    [
      'runs.csv',
      sprints.flatMap((sprint) =>
        sprint.runs.map((run) =>
          runRow({ run, profile: sprint.profile, sprint, time: timeInSprint(run, sprint, sprints) }),
        ),
      ),
    ],
  ];
  mkdirSync(reportsDir, { recursive: true });
  return tables.map(([name, rows]) => {
    const path = join(reportsDir, name);
    writeFileAtomic(path, csv(cellsOf(rows)));
    return path;
  });
}
