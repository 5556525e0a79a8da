import { relative, resolve } from 'node:path';
import { runMain, UserError } from '#contract/errors';
import { readTask } from '#contract/task';
import { homeOf } from '#host/worktree';
import { makeWritable } from '#host/writable';
import { reportsDir, runsDir, sprintsDir, taskPath } from '../common/paths.ts';
import { cut, plain } from '../common/words.ts';
import { allSprints } from '../ledger/all-branches.ts';
import { boardsOf, oneHistory } from '../ledger/boards.ts';
import { renderNotebook } from '../report/index.ts';
import { parsed, program, whole } from './arguments.ts';
import { boardLines } from './board-lines.ts';

const command = program(
  'npm run leaderboard --',
  'One leaderboard over all run branches, and reports/all.html, the lab notebook over all of them. Numbers stand side by side only where they have the same rules, profile and world.',
)
  .option('--top <n>', 'lines of each board', whole(1), 15)
  .option('--out <dir>', 'folder for the notebook; default: reports')
  .addHelpText('after', '\nExamples:\n  npm run leaderboard\n  npm run leaderboard -- --top 50');

await runMain(async () => {
  if (!parsed(command)) return 0;
  const repo = process.cwd();
  const { top, out = reportsDir(repo) } = command.opts<{ top: number; out?: string }>();
  const task = readTask(taskPath(repo));
  const { sprints, began, unreadable } = await allSprints(repo);
  for (const line of unreadable) process.stderr.write(`warning: ${plain(line)}\n`);
  if (sprints.length === 0)
    throw new UserError('no run branch has a closed sprint yet; start the loop: npm run loop');
  makeWritable('--out', resolve(out));
  // A pipe gets whole lines; a terminal those that fit.
  const width = process.stdout.isTTY ? process.stdout.columns || 80 : Number.POSITIVE_INFINITY;
  for (const board of boardsOf(sprints))
    for (const line of [...boardLines(board, task.contract, top, began), ''])
      process.stdout.write(`${cut(line, width)}\n`);
  const path = await renderNotebook({
    ...{ sprints: oneHistory(sprints), live: null, task, began, file: 'all.html' },
    ...{ reportsDir: resolve(out), sprintsDir: sprintsDir(repo), runsDir: runsDir(homeOf(repo)) },
    titles: new Map(sprints.map(({ sprint: { id, title } }) => [id, title])),
    commits: new Map(sprints.map(({ sprint, commit, branch }) => [sprint.id, { hash: commit, branch }])),
  });
  process.stdout.write(`Notebook over all branches: ${relative(repo, path)}\n`);
  return 0;
});
