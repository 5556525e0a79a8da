// Renders reports again, from the committed sprint folders alone:
//   npm run report
//   npm run report -- 2026-02-19--10-37-slower-decay
//   npm run report -- --csv
import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { runMain, UserError } from '#contract/errors';
import type { Sprint } from '#contract/sprint';
import { readTask } from '#contract/task';
import { homeOf } from '#host/worktree';
import { makeWritable } from '#host/writable';
import { runsDir, sprintDir as sprintDirOf, sprintsDir as sprintsDirOf, taskPath } from '../common/paths.ts';
import { sprintCommitsIn } from '../git/sprint-commits.ts';
import { taskOf } from '../ledger/kept-contract.ts';
import { runsByHand } from '../ledger/known-runs.ts';
import { readSprints } from '../ledger/ledger.ts';
import { readSource } from '../report/compose/source.ts';
import { type ReportRequest, renderNotebook, renderReport } from '../report/index.ts';
import { writeTables } from '../report/tables.ts';
import { readStatus } from '../screen/status.ts';
import { parsed, program } from './arguments.ts';

const command = program(
  'npm run report --',
  'Renders the reports of closed sprints (Markdown, HTML, PDF), the lab notebook with its leaderboards, and the ledger as CSV (ledger.csv, runs.csv). It reads the sprint folders and TASK.md only.',
)
  .argument(
    '[sprint]',
    'a closed sprint: its name, like 2026-02-19--10-37-slower-decay, or its folder (default: all)',
  )
  .option('--out <dir>', 'folder to write to', 'reports')
  .option('--csv', 'write the CSV files only')
  .addHelpText(
    'after',
    `
Examples:
  npm run report
  npm run report -- 2026-02-19--10-37-slower-decay --out /tmp/reports
  npm run report -- --csv`,
  );

async function main(): Promise<number> {
  if (!parsed(command)) return 0;
  const repo = process.cwd();
  const { out, csv } = command.opts<{ out: string; csv?: boolean }>();
  const [asked] = command.args;
  const sprintDir =
    asked === undefined ? null : existsSync(asked) ? resolve(asked) : sprintDirOf(repo, basename(asked));
  const reportsDir = resolve(out);
  const only = sprintDir && readSource(sprintDir).sprint;
  const sprintsDir = sprintDir ? dirname(sprintDir) : sprintsDirOf(repo);
  const sprints = readSprints(sprintsDir);
  const byHand = sprintDir ? [] : runsByHand(repo, sprints);
  if (sprints.length === 0 && byHand.length === 0)
    throw new UserError(`${sprintsDir}: no closed sprint is there; start the loop with npm run loop`);
  const task = readTask(taskPath(repo));
  makeWritable('--out', reportsDir);
  const bad: string[] = [];
  const { stopped, branch, ...status } = readStatus(repo);
  const commits = csv ? new Map() : await sprintCommitsIn(dirname(sprintsDir), branch);
  for (const sprint of csv ? [] : only ? [only] : sprints) {
    const dir = sprintDir ?? join(sprintsDir, sprint.id);
    const branch = commits.get(sprint.id)?.branch ?? null;
    const made = await render(sprint, { sprintDir: dir, sprints, reportsDir, task, branch });
    if (!made) bad.push(sprint.id);
  }
  // The notebook links to the reports that are there.
  if (!csv) {
    const hints = sprintDir ? undefined : status.hints;
    const places = { reportsDir, sprintsDir, runsDir: runsDir(homeOf(repo)) };
    print([await renderNotebook({ sprints, live: null, stopped, hints, task, commits, byHand, ...places })]);
  }
  if (sprints.length > 0) print(writeTables(reportsDir, sprints));
  if (bad.length > 0) throw new UserError(`${sprintsDir}: no report could be made of ${bad.join(', ')}`, 1);
  return 0;
}

/**
 * Renders the report of one sprint, under the rules that it was judged by. False where none could be made.
 */
async function render(sprint: Sprint, request: Omit<ReportRequest, 'profile'>): Promise<boolean> {
  const task = taskOf(sprint, request.task, dirname(request.sprintDir));
  const { profiles } = task.contract;
  const profile = (Object.hasOwn(profiles, sprint.profile) && profiles[sprint.profile]) || null;
  const report = await renderReport({ ...request, task, profile });
  print(report.files);
  if (report.trouble) process.stderr.write(`warning: ${report.trouble}\n`);
  return report.files.length > 0;
}

const print = (files: readonly string[]) => {
  for (const file of files) process.stdout.write(`${file}\n`);
};

await runMain(main);
