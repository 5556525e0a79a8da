import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { readSprint } from '#agent/ledger/ledger';
import { UserError } from '#contract/errors';
import type { Sprint } from '#contract/sprint';
import { printable } from '#contract/text';
import { inSprint } from '../../common/paths.ts';
import { limits } from '../markdown/guards.ts';

/** A closed sprint as stored in its folder. */
export interface SprintSource {
  dir: string;
  sprint: Sprint;
  /** README.md, the researcher's log: unchecked Markdown. */
  readme: string | null;
  /** change.patch: the sprint's changes to the workspace. */
  patch: string | null;
}

/** @throws UserError in one line for a folder without a readable sprint.json. */
export function readSource(dir: string): SprintSource {
  if (!existsSync(inSprint(dir).record)) {
    throw new UserError(
      `${inSprint(dir).record}: not found; a report needs the folder of a closed sprint, like sprints/2026-02-19--10-37-slower-decay`,
    );
  }
  return {
    dir,
    sprint: readSprint(inSprint(dir).record),
    readme: readStart(join(dir, 'README.md'), limits.file),
    patch: readStart(join(dir, 'change.patch'), limits.file),
  };
}

/**
 * The first `bytes` bytes of a text file, since a log may be of any size, without control sequences. Null
 * when there is no file.
 */
function readStart(path: string, bytes: number): string | null {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return null;
  }
  try {
    const { size } = fstatSync(fd);
    const buffer = Buffer.alloc(Math.min(bytes, size));
    const text = printable(buffer.toString('utf8', 0, readSync(fd, buffer, 0, buffer.length, 0)));
    const rest = (size - buffer.length).toLocaleString('en-US');
    return size > bytes ? `${text}\n\n(${rest} more bytes of this file are not read.)\n` : text;
  } catch {
    return null;
  } finally {
    closeSync(fd);
  }
}
