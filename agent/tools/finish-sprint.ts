import { bestOf } from '../ledger/ledger.ts';
import { sameWork } from '../ledger/repeat.ts';
import { readSprintRun } from '../ledger/run-folder.ts';
import type { OpenSprint } from '../open-sprint/open-sprint.ts';
import { ToolMistake } from '../requests/paths.ts';
import type { FinishSprintInput } from '../requests/schemas.ts';
import { answered } from './hint-answers.ts';

/**
 * Accepts the researcher's finish_sprint. @throws ToolMistake while runs are open, or for a candidate that
 * cannot be judged or has the recipe of the best.
 */
export function finishSprint(sprint: OpenSprint, input: FinishSprintInput): string {
  const { claimedRuns } = sprint;
  if (claimedRuns.open.length > 0) {
    throw new ToolMistake(
      `runs have not ended: ${claimedRuns.open.join(', ')}; first wait for them with wait_for_experiment, or stop them with stop_experiment`,
    );
  }
  if (input.candidate !== null) {
    const run = readSprintRun(sprint.loop.config.repo, claimedRuns.resolve(input.candidate));
    if (run?.status !== 'finished') {
      throw new ToolMistake(
        `run ${input.candidate} ended as ${run?.status ?? 'nothing'}; it cannot be judged; give a finished run as candidate, or null`,
      );
    }
    const { ledger, config } = sprint.loop;
    const best = bestOf(ledger.sprints, config.leaderboard);
    const incumbent = best?.runs.find(({ id }) => id === best.candidate);
    if (incumbent && sameWork(run, incumbent))
      throw new ToolMistake(
        `run ${run.id} has the code and settings of the present best (${incumbent.id}), only on another seed or budget, so it can be no gain; give another run as candidate, or null`,
      );
  }
  answered(sprint, input.hints);
  sprint.finish = input;
  return 'The sprint is finished. The judge now measures the candidate on fresh samples; the next sprint can read the verdict.';
}
