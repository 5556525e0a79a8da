import { existsSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { Sprint } from '#contract/sprint';
import type { Task } from '#contract/task';
import { TaskContract } from '#contract/task-contract';
import { contractFile } from '../common/paths.ts';
import { leaderboardId } from './ledger.ts';

/**
 * The task under whose rules a sprint was judged: TASK.md as it is, where its profile still makes the same
 * leaderboard; else the contract that was committed with the first sprint of that leaderboard. TASK.md where
 * there is none.
 */
export function taskOf(
  sprint: Pick<Sprint, 'profile' | 'leaderboard'>,
  task: Task,
  sprintsDir: string,
): Task {
  const { profile, leaderboard } = sprint;
  if (Object.hasOwn(task.contract.profiles, profile) && leaderboardId(task, profile) === leaderboard)
    return task;
  const contract = keptContract(sprintsDir, leaderboard);
  return contract ? { ...task, contract } : task;
}

/** Null for a file that is not there, or that is no contract of this version. */
function keptContract(sprintsDir: string, leaderboard: string): TaskContract | null {
  const path = contractFile(sprintsDir, leaderboard);
  if (!/^[\w.-]+$/.test(leaderboard) || !existsSync(path)) return null;
  try {
    const { leaderboard: _, ...kept } = parse(readFileSync(path, 'utf8'));
    const profiles = Object.entries<Record<string, unknown>>(kept.profiles).map(([name, profile]) => [
      name,
      { ...profile, ...plainNoise(profile.noise) },
    ]);
    return TaskContract.safeParse({ ...kept, profiles: Object.fromEntries(profiles) }).data ?? null;
  } catch {
    return null;
  }
}

/** The noise stands there by its numbers, since its file may change. */
const plainNoise = (noise: unknown) => {
  if (typeof noise !== 'object' || noise === null) return {};
  const { full, from } = noise as { full?: unknown; from?: unknown };
  return { noise: full, noiseFrom: from };
};
