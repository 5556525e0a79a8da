import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { writeJsonAtomic } from '#contract/atomic';
import { Sprint } from '#contract/sprint';
import { takeOut } from '#host/take-out';
import { closedSprintPath, inSprint, sprintsDir } from '../common/paths.ts';
import { STEERS_GIT } from './workspace.ts';

/** A larger file of a sprint's folder is not committed: the history grows every night. */
const MAX_FILE_BYTES = 1_000_000;
/** The records of a sprint, by their paths in its folder. */
const RECORDS = [inSprint('').record, inSprint('').inFull, inSprint('').checked];

/**
 * Makes the folder of a sprint safe to read, write into and commit: its researcher may have left anything
 * there. Removes links, pipes and the like (we would read or write elsewhere through them), files that steer
 * git, files over 1 MB, and the records that only the supervisor writes, later. Returns the names of what
 * was removed.
 */
export function tidySprintFolder(dir: string): string[] {
  return takeOut(
    dir,
    ({ name, path, kind, bytes }) =>
      STEERS_GIT.includes(name) ||
      RECORDS.includes(path) ||
      (kind === 'file' ? bytes > MAX_FILE_BYTES : kind !== 'folder'),
  );
}

/**
 * Removes the folder that start_sprint had made when the loop was killed before the claim was logged: a
 * folder made after the sprint was opened, with a README at most.
 */
export function dropUnclaimed(repo: string, openedAt: string): void {
  const sprints = sprintsDir(repo);
  if (!existsSync(sprints)) return;
  for (const entry of readdirSync(sprints, { withFileTypes: true })) {
    const dir = join(sprints, entry.name);
    if (!entry.isDirectory() || statSync(dir).mtimeMs < Date.parse(openedAt)) continue;
    if (readdirSync(dir).every((name) => /^README\.md(\.\d+\.tmp)?$/.test(name)))
      rmSync(dir, { recursive: true });
  }
}

/**
 * Saves the record of a sprint that is being closed where no researcher can write; recovery trusts this copy.
 */
export const rememberClosed = (repo: string, sprint: Sprint): void =>
  writeJsonAtomic(closedSprintPath(repo), sprint);

/**
 * The saved record of this sprint, if it was closed before the loop was cut off. A `sprint.json` alone is not
 * trusted: anybody may have written it.
 */
export function closedRecord(repo: string, id: string): Sprint | null {
  try {
    const sprint = Sprint.parse(JSON.parse(readFileSync(closedSprintPath(repo), 'utf8')));
    return sprint.id === id ? sprint : null;
  } catch {
    return null;
  }
}
