import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { UserError } from '#contract/errors';
import type { RunRecord } from '#contract/run';
import { readTask } from '#contract/task';
import { inRun, stateDir, taskPath, transferTask } from '../common/paths.ts';
import { findRunRecord } from './run-folder.ts';

/**
 * The file of the task that has the profile of a run, for what is told by it; undefined where that is
 * TASK.md, and where `path` leads into no run. Records of earlier versions do not name it: it is then the
 * only one that a transfer has left with that profile.
 * @throws UserError where it is not here, or is not known
 */
export function taskOfRun(path: string, repo: string): string | undefined {
  const record = recordAt(path);
  if (record === null) return undefined;
  const { id, profile, task } = record;
  if (task !== undefined) {
    const file = resolve(repo, task);
    if (file.startsWith(`${resolve(repo)}${sep}`) && existsSync(file)) return file;
    throw new UserError(
      `${id}: belongs to the task ${task}, which is not in this checkout; make its transfer again with --dry, or name the file by LOOP_TASK`,
    );
  }
  if (Object.hasOwn(readTask(taskPath(repo)).contract.profiles, profile)) return undefined;
  const left = transfersWith(repo, profile);
  const [file, more] = left;
  if (file !== undefined && more === undefined) return file;
  const which = more === undefined ? '' : `, and ${left.length} tasks of transfers have one of that name`;
  throw new UserError(
    `${id}: TASK.md has no profile "${profile}"${which}; name the file of its task by LOOP_TASK`,
  );
}

/** The record of the run that a path leads into: its folder, or a file below it. */
function recordAt(path: string): RunRecord | null {
  for (let at = resolve(path); at !== dirname(at); at = dirname(at))
    if (existsSync(inRun(at).record)) return findRunRecord(at);
  return null;
}

function transfersWith(repo: string, profile: string): string[] {
  const names = existsSync(stateDir(repo)) ? readdirSync(stateDir(repo)) : [];
  const isTransfer = (name: string) =>
    basename(transferTask(repo, /^transfer-(\w+)\./.exec(name)?.[1] ?? '')) === name;
  return names
    .filter(isTransfer)
    .map((name) => join(stateDir(repo), name))
    .filter((file) => Object.hasOwn(readTask(file).contract.profiles, profile));
}
