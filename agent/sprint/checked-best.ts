import { join } from 'node:path';
import { writeJsonAtomic } from '#contract/atomic';
import type { Checked, Several } from '#contract/confirmed';
import type { Sprint } from '#contract/sprint';
import { committedTree } from '#host/tree';
import { committed } from '../common/paths.ts';
import { messageOf } from '../common/words.ts';
import { type Measured, measureAgain } from '../confirm/check-best.ts';
import { severalOf, shown } from '../confirm/pairs.ts';
import type { SecretStore } from '../confirm/store.ts';
import { type ToCheck, toCheck } from '../confirm/to-check.ts';
import { changedAmong, commitOf, commitPaths, tagBest, untagBest } from '../git/git.ts';
import { checkWords, withCheck } from '../ledger/checked.ts';
import { bestOf } from '../ledger/ledger.ts';
import { restoreWorkspace } from '../open-sprint/workspace.ts';

/** The parts of the loop that this file uses. */
type LoopParts = Parameters<typeof measureAgain>[0] & { secrets: SecretStore | null };

/**
 * Measures the last best of a night again, once, and commits what that gave beside its sprint.
 * Where the best does not hold by the rule that confirmed it, the best before it is the best again, and its
 * change is taken out of the workspace: what stays is what later nights are compared with and people take
 * over, and that has to be confirmed. Null where there is nothing to measure, or no time for it.
 */
export async function checkBest(loop: LoopParts): Promise<Sprint | null> {
  const { secrets, stopper, journal, ledger } = loop;
  const of = secrets && toCheck(loop, secrets);
  if (!of || stopper.requested()) return null;
  journal.notice(`the best, sprint ${of.sprint.number}, is measured again`);
  const measured = await measureAgain(loop, secrets, of);
  if (!measured) return null;
  const checked = recordOf(of, measured, await takesBack(loop, of, measured));
  secrets.decided({ sprint: of.sprint.id, pairs: measured.pairs });
  writeJsonAtomic(join(loop.config.repo, committed.checked(of.sprint.id)), checked);
  const sprint = withCheck(of.sprint, checked);
  ledger.add(sprint);
  const { holds, reason } = checked;
  if (!holds) journal.notice(`sprint ${sprint.number}: ${checkWords(holds)}: ${reason}`, 'warn');
  await settle(loop, sprint, checked);
  return sprint;
}

/** Completes what a crash left between the record of a check and its commit. */
export async function settleLeft(
  loop: Pick<LoopParts, 'config' | 'checkout' | 'journal' | 'ledger'>,
): Promise<void> {
  for (const sprint of loop.ledger.sprints) {
    const { checked } = sprint;
    if (!checked || (await changedAmong(loop.checkout.git, [committed.checked(sprint.id)])).length === 0)
      continue;
    await settle(loop, sprint, checked);
  }
}

/**
 * Whether the change of a best that does not hold can be taken out of the workspace: nothing was kept since.
 * What was, stays, with the change that it is built on.
 */
async function takesBack(
  { config: { repo, task } }: Pick<LoopParts, 'config'>,
  { sprint: { change } }: ToCheck,
  { holds }: Measured,
): Promise<boolean> {
  if (holds || !change.kept) return false;
  const { workspace } = task.contract;
  return (await committedTree({ repo, commit: 'HEAD', folder: workspace })) === change.treeAfter;
}

function recordOf({ confirmed }: ToCheck, measured: Measured, takenBack: boolean): Checked {
  const { pairs, holds, reason, gain, again, seconds } = measured;
  const several = (of: 'candidate' | 'best'): Several => severalOf(pairs.map((pair) => pair[of] ?? {}));
  return {
    ...{ version: 1, key: confirmed.key, holds, reason },
    candidate: several('candidate'),
    best: confirmed.best && { ...confirmed.best, ...several('best') },
    gain: gain && { mean: shown(gain.mean), error: shown(gain.error), needed: shown(gain.needed) },
    ...(again && { again }),
    ...{ takenBack, seconds, at: new Date().toISOString() },
  };
}

/** Tag, workspace and commit; a crash in between is completed by the next start. */
async function settle(
  {
    config,
    checkout: { git },
    journal,
    ledger,
  }: Pick<LoopParts, 'config' | 'checkout' | 'journal' | 'ledger'>,
  sprint: Sprint,
  { holds, reason, takenBack }: Checked,
): Promise<void> {
  const { repo, task } = config;
  const { workspace } = task.contract;
  if (!holds)
    await moveTag(git, sprint, bestOf(ledger.sprints, sprint.leaderboard)).catch((error: unknown) =>
      journal.notice(`the tag best/${sprint.profile} could not be moved: ${messageOf(error)}`, 'warn'),
    );
  if (takenBack) await restoreWorkspace({ repo, folder: workspace, tree: sprint.change.treeBefore });
  const paths = [committed.checked(sprint.id), ...(takenBack ? [workspace] : [])];
  const subject = `Sprint ${sprint.number}, ${checkWords(holds)}`;
  journal.emit({
    type: 'sprint.checked',
    sprint: sprint.id,
    outcome: sprint.outcome,
    reason: `${checkWords(holds)}: ${reason}`,
  });
  await commitPaths(git, paths, subject, `${reason}.${takenBack ? ' Its change is taken back.' : ''}`);
}

async function moveTag(
  git: LoopParts['checkout']['git'],
  { profile }: Sprint,
  best: Sprint | undefined,
): Promise<void> {
  const commit = best && (await commitOf(git, committed.record(best.id)));
  await (commit ? tagBest(git, profile, commit) : untagBest(git, profile));
}
