import { join } from 'node:path';
import { startChild } from '#host/child';
import { splitCommand } from '#host/command';
import { checkoutTree } from '#host/tree';
import { type House, stateDir } from '../house.ts';

const SECONDS = 600;

/** Runs the task's check in a tree of the workspace, in the sandbox. Null when it passes, else its last line. */
export async function checkTree(house: House, tree: string): Promise<string | null> {
  const { repo, task, sandbox, stopper } = house;
  const cwd = await checkoutTree({ repo, tree });
  const { argv, env } = sandbox.wrap(splitCommand(task.contract.check), { cwd, readable: [cwd] });
  const child = startChild({
    argv,
    cwd,
    env,
    log: { path: join(stateDir(repo), 'logs', 'check.log'), maxBytes: 1 << 20 },
    timeoutSeconds: SECONDS,
    until: { signal: stopper.hard, reason: 'the loop was stopped', graceSeconds: 1 },
  });
  const exit = await child.done;
  if (exit.code === 0) return null;
  if (exit.timedOut) return `it took longer than ${SECONDS} s`;
  return (
    exit.stopped ?? child.log?.lastLines(1)[0]?.slice(0, 300) ?? `it ended with ${exit.code ?? exit.signal}`
  );
}
