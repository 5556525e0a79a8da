import { specOf } from '#contract/run';
import type { SprintRun } from '#contract/sprint';
import type { Stopper } from '../budget/stop.ts';
import { show } from '../common/words.ts';
import type { Config } from '../config/config.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { gave } from '../ledger/repeat.ts';
import { readSprintRun } from '../ledger/run-folder.ts';
import { atTheEnd } from '../ledger/stages.ts';
import type { OpenSprint } from '../open-sprint/open-sprint.ts';
import type { StartSprintInput } from '../requests/schemas.ts';
import type { Ending } from '../researcher/conversation.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Config;
  ledger: Ledger;
  stopper: Stopper;
}

/**
 * A sprint that the loop makes itself, without a researcher: the full run of the best candidate, which
 * becomes the candidate of this sprint when it has finished. A run that was cut off is resumed.
 */
export async function fullRun(loop: LoopParts, sprint: OpenSprint): Promise<Ending> {
  const {
    config: { repo, profile },
    stopper,
  } = loop;
  const { fullRunOf } = sprint.own;
  const of = fullRunOf === null ? null : readSprintRun(repo, fullRunOf);
  if (!of) return { kind: 'failed', reason: `the folder of run ${fullRunOf} does not exist any more` };
  if (!sprint.claim) sprint.start(claimFor(loop, of));
  const { claimedRuns } = sprint;
  const finished = claimedRuns.started.find((id) => readSprintRun(repo, id)?.status === 'finished');
  const id =
    claimedRuns.open.at(0) ?? finished ?? claimedRuns.begin({ ...specOf(of), samples: profile.budgets.full });
  const { run, trouble, ended } = await claimedRuns.wait(id);
  if (!ended) {
    sprint.parked = await claimedRuns.park();
    return { kind: 'stopped', reason: stopper.requested()?.reason ?? 'stopped at once' };
  }
  const came = run ? gave(run) : trouble;
  sprint.finish = {
    summary: `The loop itself made this sprint, without a researcher: the full run of ${of.id}. Result: ${came}.`,
    candidate: run?.status === 'finished' ? run.id : null,
  };
  return { kind: 'finished' };
}

/** The claim of such a sprint. */
function claimFor({ config: { task, profile }, ledger }: LoopParts, of: SprintRun): StartSprintInput {
  const { metric } = task.contract;
  const from = ledger.sprints.find((sprint) => sprint.runs.some((run) => run.id === of.id));
  const idea = from ? `sprint ${from.number}, "${from.title}"` : of.experiment;
  return {
    slug: 'full-run',
    title: `Full run: ${from?.title ?? of.experiment}`.slice(0, 100),
    idea: `The full run (${profile.budgets.full} samples) of the code and settings of run ${of.id}, from ${idea}.`,
    motivation: `It is the best candidate without one: ${metric} ${show(atTheEnd(of)?.[metric])} after ${of.samples} samples, more than the present best at that budget and seed. The researcher did not start it in time, or could not.`,
    expectation:
      'The gain is expected to last over the full budget. If there is none, the shorter run was misleading.',
    predicted: {},
  };
}
