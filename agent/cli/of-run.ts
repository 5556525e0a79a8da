// Starts a command of the task for a run that is named as people name it:
//   node --import tsx agent/cli/of-run.ts node --import tsx look.ts best
//   node --import tsx agent/cli/of-run.ts node --import tsx look.ts wider-k=4-s0 --more
// The first argument of the command is an id, words that are in the id of one run only, `best`, or a path.
// The command is given a path, and the task that the run belongs to where that is not TASK.md. Options alone
// are passed on. With `--own-env` first it gets all variables of the user, with tokens that it may need; it
// must not pass them on.
import { runMain } from '#contract/errors';
import { startChild } from '#host/child';
import { serviceEnv } from '#host/env';
import { folderOf } from '../ledger/folder-of.ts';
import { taskOfRun } from '../ledger/task-of-run.ts';
import { afterScript } from './arguments.ts';
import { stoppable } from './interrupt.ts';

const definedIn = (env: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );

await runMain(async () => {
  const given = process.argv.slice(2);
  const isOwn = given[0] === '--own-env';
  const argv = isOwn ? given.slice(1) : given;
  const at = afterScript(argv);
  const asked = argv[at];
  const cwd = process.cwd();
  let task = process.env.LOOP_TASK;
  if (asked !== undefined && !asked.startsWith('-')) {
    const folder = folderOf(asked, cwd);
    argv[at] = folder;
    task ??= taskOfRun(folder, cwd);
  }
  const env = isOwn ? definedIn(process.env) : serviceEnv({ LOOP_TASK: task });
  const child = startChild({ argv, cwd, env, stdio: { stdin: 0, stdout: 1, stderr: 2 } });
  const exit = await stoppable(
    (before) => void child.stop('stopped', before > 0 ? 0 : undefined),
    () => child.done,
  );
  return exit.stopped ? 130 : (exit.code ?? 1);
});
