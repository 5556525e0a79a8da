import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { startChild } from '#host/child';
import type { Sandbox } from '#host/sandbox';
import { tail } from './output.ts';

export interface ShellScope {
  repo: string;
  sandbox: Sandbox;
  writable: readonly string[];
  /** Where long outputs are kept. */
  outputs: string;
  timeoutSeconds: number;
}

const MAX_OUTPUT = 10 * 2 ** 20;
let count = 0;

/**
 * Runs one command in a fresh shell at the repository's root, in the sandbox. Whatever it leaves running is
 * killed when it ends. Returns what the model sees: the end of the output, the file with all of it, and how
 * the command ended if not with exit code 0.
 */
export async function bash(command: string, scope: ShellScope, signal: AbortSignal): Promise<string> {
  const path = join(scope.outputs, `bash-${process.pid}-${++count}.txt`);
  const { argv, env } = scope.sandbox.wrap(['bash', '-c', `exec 2>&1\n${command}`], {
    cwd: scope.repo,
    wholeCheckout: true,
    writable: scope.writable.map((folder) => join(scope.repo, folder)),
  });
  const child = startChild({
    argv,
    cwd: scope.repo,
    env,
    log: { path, maxBytes: MAX_OUTPUT },
    timeoutSeconds: scope.timeoutSeconds,
    graceSeconds: 2,
    until: { signal, reason: 'the loop was stopped', graceSeconds: 1 },
  });
  const exit = await child.done;

  const text = readFileSync(path, 'utf8');
  const kept = tail(text);
  const parts = [kept];
  if (kept === text) rmSync(path);
  else parts.unshift(`[the end of ${text.split('\n').length} lines; the full output is in ${path}]`);
  if (exit.timedOut)
    parts.push(
      `[ended at the time limit of ${scope.timeoutSeconds} s for a command; train with run_experiment]`,
    );
  else if (exit.stopped) parts.push(`[${exit.stopped}]`);
  else if (exit.outOfMemory) parts.push('[killed, probably out of memory]');
  else if (exit.code !== 0) parts.push(`[exit code ${exit.code ?? exit.signal}]`);
  return parts.filter((part) => part !== '').join('\n') || '[no output]';
}
