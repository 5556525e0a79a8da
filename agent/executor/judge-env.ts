import { existsSync, realpathSync } from 'node:fs';
import { type Task, taskVariable } from '#contract/task';
import { splitCommand } from '#host/command';
import { serviceEnv } from '#host/env';
import { marked } from '#host/marks';
import { readsOf } from '#host/reads';
import type { Sandbox } from '#host/sandbox';
import { inRun } from '../common/paths.ts';
import { deviceOf, onDevice, onThreads } from '../devices/device-of.ts';
import { readRunRecord } from '../ledger/run-folder.ts';

/**
 * The environment of the judge: the sandbox's label, and the task's encode command for this tree, wrapped in
 * the sandbox, as a JSON list of words. The command may read what the run has written. A judge in any
 * language appends its arguments and needs to know nothing of sandboxes. Both compute on one GPU: `device`;
 * unset, that of the run (`deviceOf`). `threads`: of each; unset, their own choice. Processes that carry
 * `mark` are ended with the command that has it.
 */
export function judgeEnv(of: {
  task: Task;
  repo: string;
  sandbox: Sandbox;
  runDir: string;
  treeDir: string;
  mark: string;
  device?: string | null | undefined;
  threads?: number | undefined;
}): Record<string, string> {
  const { task, repo, sandbox, treeDir, mark, device = deviceOf(readRunRecord(of.runDir), task) } = of;
  const { out } = inRun(realpathSync(of.runDir));
  const place = { ...onDevice(device), ...onThreads(of.threads) };
  const { argv, env } = sandbox.wrap(splitCommand(task.contract.encode), {
    cwd: treeDir,
    readable: [...readsOf(task, repo, treeDir), ...(existsSync(out) ? [out] : [])],
    env: place,
  });
  const variables = Object.entries(marked(env, mark)).map(([name, value]) => `${name}=${value}`);
  return serviceEnv({
    ...taskVariable(task),
    ...place,
    LOOP_SANDBOX: sandbox.label,
    LOOP_ENCODE: JSON.stringify(['env', '-i', ...variables, ...argv]),
  });
}
