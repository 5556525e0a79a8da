import { join } from 'node:path';
import { startChild } from '#host/child';
import { splitCommand } from '#host/command';
import { lastWord } from '#host/last-word';
import { readsOf } from '#host/reads';
import type { Sandbox } from '#host/sandbox';
import { checkoutTree } from '#host/tree';
import type { Stopper } from '../budget/stop.ts';
import { logsDir } from '../common/paths.ts';
import type { Config } from '../config/config.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Config;
  sandbox: Sandbox;
  stopper: Stopper;
}

const SECONDS = 600;
const LOG = 'check.log';

/**
 * Runs the task's check in a tree of the workspace, in the sandbox. Null when it passes, otherwise its last
 * error line and the name of its log.
 */
export async function checkTree(loop: LoopParts, tree: string): Promise<string | null> {
  const {
    config: { repo, task },
    sandbox,
    stopper,
  } = loop;
  const cwd = await checkoutTree({ repo, tree });
  const { argv, env } = sandbox.wrap(splitCommand(task.contract.check), {
    cwd,
    readable: readsOf(task, repo, cwd),
  });
  const child = startChild({
    argv,
    cwd,
    env,
    log: { path: join(logsDir(repo), LOG), maxBytes: 1 << 20 },
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
