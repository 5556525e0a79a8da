import { join } from 'node:path';
import { startChild } from '#host/child';
import { splitCommand } from '#host/command';
import { lastWord } from '#host/last-word';
import { checkoutTree } from '#host/tree';
import { type House, stateDir } from '../house.ts';

const SECONDS = 600;
const LOG = 'check.log';

/** Runs the task's check in a tree of the workspace, in the sandbox. Null when it passes, else what it said, and the name of its log. */
export async function checkTree(house: House, tree: string): Promise<string | null> {
  const { repo, task, sandbox, stopper } = house;
  const cwd = await checkoutTree({ repo, tree });
  const { argv, env } = sandbox.wrap(splitCommand(task.contract.check), { cwd, readable: [cwd] });
  const child = startChild({
    argv,
    cwd,
    env,
    log: { path: join(stateDir(repo), 'logs', LOG), maxBytes: 1 << 20 },
    timeoutSeconds: SECONDS,
    until: { signal: stopper.hard, reason: 'the loop was stopped', graceSeconds: 1 },
  });
  const exit = await child.done;
  if (exit.code === 0) return null;
  if (exit.timedOut) return `it took longer than ${SECONDS} s`;
  if (exit.stopped) return exit.stopped;
  const word = lastWord(child.log?.lastLines(60) ?? [])?.slice(0, 300);
  return `${word ?? `it ended with ${exit.code ?? exit.signal}`} (state/logs/${LOG})`;
}
