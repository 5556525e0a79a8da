// Starts a command of the task for a run that is named as people name it:
//   node --import tsx agent/cli/of-run.ts node --import tsx look.ts best
//   node --import tsx agent/cli/of-run.ts node --import tsx look.ts wider-k=4-s0 --more
// The first argument of the command is an id, words that are in the id of one run only, `best`, or a path.
// The command is given a path. Options alone are passed on.
import { existsSync } from 'node:fs';
import { runMain, UserError } from '#contract/errors';
import { readTask } from '#contract/task';
import { startChild } from '#host/child';
import { serviceEnv } from '#host/env';
import { runDir, sprintsDir, taskPath } from '../common/paths.ts';
import { findBest } from '../ledger/find-best.ts';
import { knownRuns, runNamed } from '../ledger/known-runs.ts';
import { readSprints } from '../ledger/ledger.ts';
import { afterScript } from './arguments.ts';
import { stoppable } from './interrupt.ts';

/** The folder of the run that was meant. @throws UserError where there is none, or it is not here */
function folderOf(asked: string, repo: string): string {
  if (existsSync(asked)) return asked;
  const id = asked === 'best' ? findBest(readTask(taskPath(repo)), repo).recorded.run : idOf(asked, repo);
  const folder = runDir(repo, id);
  if (existsSync(folder)) return folder;
  const how = asked === 'best' ? '; train it again: npm run best -- --train' : '';
  throw new UserError(`checkpoints/${id} is not in this checkout (checkpoints are not committed)${how}`);
}

const idOf = (asked: string, repo: string) =>
  runNamed(knownRuns(repo, readSprints(sprintsDir(repo))), asked).run.id;

await runMain(async () => {
  const argv = process.argv.slice(2);
  const at = afterScript(argv);
  const asked = argv[at];
  const cwd = process.cwd();
  if (asked !== undefined && !asked.startsWith('-')) argv[at] = folderOf(asked, cwd);
  const child = startChild({ argv, cwd, env: serviceEnv(), stdio: { stdin: 0, stdout: 1, stderr: 2 } });
  const exit = await stoppable(
    (before) => void child.stop('stopped', before > 0 ? 0 : undefined),
    () => child.done,
  );
  return exit.stopped ? 130 : (exit.code ?? 1);
});
