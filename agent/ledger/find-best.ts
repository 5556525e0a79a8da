import { UserError } from '#contract/errors';
import type { Sprint } from '#contract/sprint';
import { profileOf, type Task } from '#contract/task';
import type { Verdict } from '#contract/verdict';
import { sprintsDir } from '../common/paths.ts';
import { bestOf, leaderboardId, readSprints } from './ledger.ts';

/** The best sprint of a profile, or of the first that has one. @throws UserError where there is none. */
export function findBest(
  task: Task,
  repo: string,
  wanted?: string,
): { profileName: string; sprint: Sprint; recorded: Verdict } {
  if (wanted !== undefined) profileOf(task, wanted);
  const sprints = readSprints(sprintsDir(repo));
  for (const profileName of wanted === undefined ? Object.keys(task.contract.profiles) : [wanted]) {
    const sprint = bestOf(sprints, leaderboardId(task, profileName));
    if (sprint?.verdict) return { profileName, sprint, recorded: sprint.verdict };
  }
  const where = wanted === undefined ? '' : ` of profile "${wanted}"`;
  const others = sprints.filter(({ outcome }) => outcome === 'new-best').length;
  const under =
    others > 0 && wanted === undefined
      ? ` under the rules of ${task.path}; ${others} had one under earlier rules (sprints/leaderboards/)`
      : '';
  throw new UserError(`no sprint${where} has a verified best yet${under}; start the loop: npm run loop`);
}
