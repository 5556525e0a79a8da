import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { writeFileAtomic } from '#contract/atomic';
import { UserError } from '#contract/errors';
import { profileOf, readTask, type Task } from '#contract/task';
import type { Transfer } from '#contract/transfer';
import { transferTask } from '../common/paths.ts';

/**
 * The task that a transfer names, with the data of the user as the world of its profile. Written to a file
 * in `state/`, which the services of its runs read.
 * @throws UserError where the task has no such profile
 */
export function otherTask(repo: string, transfer: Transfer, data: string): Task {
  const path = join(repo, transfer.task);
  profileOf(readTask(path), transfer.profile);
  const [, front = '', brief = ''] =
    /^---\r?\n([\s\S]*?)\r?\n---([\s\S]*)$/.exec(readFileSync(path, 'utf8')) ?? [];
  const document = parseDocument(front);
  document.setIn(['profiles', transfer.profile, 'world'], `${transfer.data.world}${data}`);
  const text = `---\n${document.toString({ lineWidth: 0 })}---${brief}`;
  const file = transferTask(repo, createHash('sha256').update(text).digest('hex').slice(0, 8));
  writeFileAtomic(file, text);
  return { ...readTask(file), elsewhere: true };
}

/** The number that the profile sets for the setting along which lines are drawn. @throws UserError */
export function middleOfProfile(task: Task, { profile, along }: Transfer): number {
  const value = profileOf(task, profile).settings?.[along.setting];
  if (typeof value === 'number') return value;
  throw new UserError(`${task.path}: profile "${profile}" sets no number ${along.setting} in its settings`);
}
