import { UserError } from '#contract/errors';
import type { Task } from '#contract/task';
import { sprintsDir } from '../common/paths.ts';
import { findBest } from '../ledger/find-best.ts';
import { knownRuns, runNamed } from '../ledger/known-runs.ts';
import { readSprints } from '../ledger/ledger.ts';
import type { KnownRun } from '../ledger/rows.ts';
import type { Best } from './plan.ts';

/**
 * The recipe of a run, of the best where `asked` is that or unset, and the profile that it was made in. Null
 * where nothing was asked for and there is no best.
 * @throws UserError where there is no such run
 */
export function bestToTry(
  task: Task,
  repo: string,
  asked: string | undefined,
  profile: string | undefined,
): (Best & { profile: string }) | null {
  const runs = knownRuns(repo, readSprints(sprintsDir(repo)));
  const id = asked === undefined || asked === 'best' ? bestId(task, repo, profile, asked) : asked;
  if (id === null) return null;
  const { run, profile: own } =
    runs.find((each) => each.run.id === id) ?? runNamed(firstOfEach(task, runs), id);
  return { experiment: run.experiment, settings: run.settings, tree: run.tree, profile: own };
}

function bestId(
  task: Task,
  repo: string,
  profile: string | undefined,
  asked: string | undefined,
): string | null {
  try {
    return findBest(task, repo, profile).recorded.run;
  } catch (error) {
    if (asked !== undefined || !(error instanceof UserError)) throw error;
    return null;
  }
}

/**
 * The oldest run of each recipe in each profile of the task. A transfer makes runs of the recipe that it
 * tries, and the words that named it are in their ids too.
 */
function firstOfEach({ contract }: Task, runs: readonly KnownRun[]): KnownRun[] {
  const own = runs.filter(({ profile }) => Object.hasOwn(contract.profiles, profile));
  const recipe = ({ profile, run: { experiment, settings, tree } }: KnownRun) =>
    JSON.stringify([profile, experiment, Object.entries(settings).sort(), tree]);
  return [...new Map(own.toReversed().map((run) => [recipe(run), run])).values()];
}
