import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { writeJsonAtomic } from '#contract/atomic';
import { Sprint } from '#contract/sprint';
import { takeOut } from '#host/take-out';
import { closedSprintPath, sprintsDir } from '../common/paths.ts';
import { STEERS_GIT } from './workspace.ts';

/** A file of a sprint's folder larger than this does not belong into a history that grows every night. */
const MAX_FILE_BYTES = 1_000_000;

/**
 * Makes the folder of a sprint fit to be read, written into and committed: its researcher may have left
 * anything there. Taken out are links, pipes and the like (through which we would read or write elsewhere),
 * what steers git, files over 1 MB, and a `sprint.json`, which only the supervisor writes, and has not yet.
 * Gives the names of what was taken out.
 */
export function tidySprintFolder(dir: string): string[] {
  return takeOut(
    dir,
    ({ name, path, kind, bytes }) =>
      STEERS_GIT.includes(name) ||
      path === 'sprint.json' ||
      (kind === 'file' ? bytes > MAX_FILE_BYTES : kind !== 'folder'),
  );
}

/**
 * Removes the folder that start_sprint had made when the loop was killed, before the log said whose it is:
 * made since the sprint was opened, with a README at most.
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

/** Writes down the record of a sprint that is being closed where no researcher can: what recovery trusts. */
export const rememberClosed = (repo: string, sprint: Sprint): void =>
  writeJsonAtomic(closedSprintPath(repo), sprint);

/**
 * The record of this sprint, where it was closed before the loop was cut off. A `sprint.json` alone may be
 * anybody's.
 */
export function closedRecord(repo: string, id: string): Sprint | null {
  try {
    const sprint = Sprint.parse(JSON.parse(readFileSync(closedSprintPath(repo), 'utf8')));
    return sprint.id === id ? sprint : null;
  } catch {
    return null;
  }
}
