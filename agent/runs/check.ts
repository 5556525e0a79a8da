import { join } from 'node:path';
import { builtCommand } from '#host/built/built';
import { startChild } from '#host/child';
import { splitCommand } from '#host/command';
import { lastWord } from '#host/last-word';
import { readsOf } from '#host/reads';
import type { Sandbox } from '#host/sandbox';
import { checkoutTree, treeWith } from '#host/tree';
import type { Stopper } from '../budget/stop.ts';
import { logsDir } from '../common/paths.ts';
import type { Config } from '../config/config.ts';
import type { Checkout } from '../git/run-branch.ts';

/** The parts of the loop that this file uses. */
export interface LoopParts {
  config: Config;
  sandbox: Sandbox;
  checkout: Pick<Checkout, 'bestKnown'>;
  stopper: Stopper;
}

const SECONDS = 600;
const LOG = 'check.log';
const AHEAD_LOG = 'check-ahead.log';

/**
 * Runs the task's check in a tree of the workspace, in the sandbox. The check itself is the one that the run
 * branch began with. Null when it passes, otherwise its last error line and the name of its log. In the
 * `background` it runs while nothing else wants a core; it ends when the signal aborts.
 */
export async function checkTree(
  loop: LoopParts,
  tree: string,
  { background = false, signal }: { background?: boolean; signal?: AbortSignal } = {},
): Promise<string | null> {
  const {
    config: { repo, task },
    sandbox,
    stopper,
  } = loop;
  const cwd = await checkoutTree({ repo, tree: await withTrustedCheck(loop, tree) });
  const plain = { words: splitCommand(task.contract.check), readable: readsOf(task, repo, cwd) };
  const { words, readable } = await builtCommand({ repo, sandbox, cwd }, plain);
  const { argv, env } = sandbox.wrap(words, { cwd, readable });
  const log = background ? AHEAD_LOG : LOG;
  const child = startChild({
    argv,
    cwd,
    env,
    background,
    log: { path: join(logsDir(repo), log), maxBytes: 1 << 20 },
    timeoutSeconds: SECONDS,
    until: {
      signal: signal ? AbortSignal.any([stopper.hard, signal]) : stopper.hard,
      reason: 'the loop was stopped',
      // What is no longer needed, or was not asked for yet, has nothing to say.
      graceSeconds: signal ? 0 : 1,
    },
  });
  const exit = await child.done;
  if (exit.code === 0) return null;
  if (exit.timedOut) return `it took longer than ${SECONDS} s`;
  if (exit.stopped) return exit.stopped;
  const word = lastWord(child.log?.lastLines(60) ?? [])?.slice(0, 300);
  return `${word ?? `it ended with ${exit.code ?? exit.signal}`} (state/logs/${log})`;
}

/** The tree, with the files of the check as the run branch began with them. */
async function withTrustedCheck(
  { config: { repo, task }, checkout: { bestKnown } }: Pick<LoopParts, 'config' | 'checkout'>,
  tree: string,
): Promise<string> {
  const { checkFiles: paths } = task.contract;
  if (paths.length === 0 || bestKnown === '') return tree;
  return treeWith({ repo, commit: tree, paths, of: bestKnown });
}
