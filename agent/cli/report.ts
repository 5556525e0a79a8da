// Renders a sprint's report again, from its committed folder alone:
//   npm run report -- 2026-02-19--10-37-slower-decay
import { existsSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { runMain, UserError } from '#contract/errors';
import { readTask } from '#contract/task';
import { homeOf } from '#host/worktree';
import { makeWritable } from '#host/writable';
import { runsDir, sprintDir as sprintDirOf, taskPath } from '../common/paths.ts';
import { sprintCommitsIn } from '../git/sprint-commits.ts';
import { readSprints } from '../ledger/ledger.ts';
import { readSource } from '../report/compose/source.ts';
import { renderNotebook, renderReport } from '../report/index.ts';
import { readStatus } from '../screen/status.ts';
import { parsed, program } from './arguments.ts';

const command = program(
  'npm run report --',
  'Renders the report of a closed sprint (Markdown, HTML, PDF) and the lab notebook. It reads the sprint folders only.',
)
  .argument('<sprint>', 'a closed sprint: its name, like 2026-02-19--10-37-slower-decay, or its folder')
  .option('--out <dir>', 'folder to write to', 'reports')
  .addHelpText(
    'after',
    `
Examples:
  npm run report -- 2026-02-19--10-37-slower-decay
  npm run report -- 2026-02-19--10-37-slower-decay --out /tmp/reports`,
  );

async function main(): Promise<number> {
  if (!parsed(command)) return 0;
  const repo = process.cwd();
  const [asked = ''] = command.args;
  const sprintDir = existsSync(asked) ? resolve(asked) : sprintDirOf(repo, basename(asked));
  const reportsDir = resolve(command.opts<{ out: string }>().out);
  const { sprint } = readSource(sprintDir);
  const task = readTask(taskPath(repo));
  const sprints = readSprints(dirname(sprintDir));
  const { profiles } = task.contract;
  makeWritable('--out', reportsDir);
  const profile = (Object.hasOwn(profiles, sprint.profile) && profiles[sprint.profile]) || null;
  const report = await renderReport({ sprintDir, reportsDir, sprints, task, profile });
  const { stopped, branch } = readStatus(repo);
  const notebook = await renderNotebook({
    ...{ sprints, reportsDir, task, stopped, live: null },
    sprintsDir: dirname(sprintDir),
    runsDir: runsDir(homeOf(repo)),
    commits: await sprintCommitsIn(dirname(dirname(sprintDir)), branch),
  });
  for (const file of [...report.files, notebook]) process.stdout.write(`${file}\n`);
  if (report.trouble) process.stderr.write(`warning: ${report.trouble}\n`);
  if (report.files.length === 0) throw new UserError(`${sprintDir}: no report could be made`, 1);
  return 0;
}

await runMain(main);
