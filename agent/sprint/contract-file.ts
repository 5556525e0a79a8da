import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { writeFileAtomic } from '#contract/atomic';
import { committed } from '../common/paths.ts';
import type { Config } from '../config/config.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Config;
}

/**
 * Writes the contract of a leaderboard's first sprint to a file, with all defaults filled in, and returns its
 * path. TASK.md may be edited at night without a commit, and a number means nothing without its rules. The
 * noise stands there by its numbers.
 */
export function keepContract({
  config: { repo, task, profileName, leaderboard, profile },
}: LoopParts): string {
  const path = committed.contract(leaderboard);
  const full = join(repo, path);
  if (existsSync(full)) return path;
  mkdirSync(dirname(full), { recursive: true });
  const { profiles: _, ...contract } = task.contract;
  const rules = {
    leaderboard,
    ...contract,
    profiles: { [profileName]: profile },
  };
  writeFileAtomic(
    full,
    `# The front matter of TASK.md under which these numbers were measured.\n${stringify(rules)}`,
  );
  return path;
}
