import type { Answer, StartedFields } from '#contract/answer';
import { gave } from '../ledger/repeat.ts';
import type { OpenSprint } from '../open-sprint/open-sprint.ts';
import type { RunExperimentInput } from '../requests/schemas.ts';
import type { AcceptedRun } from '../runs/request.ts';

/**
 * Queues one run for each seed asked for, and answers with a line for each. @throws ToolMistake where no run
 * may be made.
 */
export async function runExperiment(sprint: OpenSprint, input: RunExperimentInput): Promise<Answer> {
  const answers = await sprint.claimedRuns.request(input, sprint.queue);
  const lines = answers.map(({ seed, run, refused }) => {
    const said = run === undefined ? `Refused: ${refused}` : granted(run);
    return input.seeds === undefined ? said : `Seed ${seed}: ${said}`;
  });
  const first = answers.find(({ run }) => run !== undefined)?.run;
  if (!first) throw new Error('a request for runs was neither accepted nor refused');
  const fields: StartedFields = {
    run: first.id,
    queued: first.queued,
    runs: answers.map(({ seed, run }) => ({ seed, run: run?.id ?? null })),
  };
  return { words: lines.join('\n'), fields };
}

function granted({ id, queued, samples, against, doubt, near, nearOpen }: AcceptedRun): string {
  const place = queued
    ? `Run queued as ${id} (${samples} samples). It starts when the runs before it have ended. Wait with wait_for_experiment.`
    : `Run ${id} has started (${samples} samples). Wait with wait_for_experiment.`;
  const reference =
    against === null
      ? ''
      : ` The run of the present best that it is compared with is queued as ${against}: wait for both.`;
  const cannot =
    doubt === null
      ? ''
      : ` A verdict on it would be invalid, ${doubt}. If it was to be judged, stop it with stop_experiment.`;
  const seen = near.map((run) => ` It is nearly the same as run ${run.id}, which gave ${gave(run)}.`);
  const others = nearOpen.map(
    (run) => ` It is nearly the same as run ${run.id}, which ${run.researcherId} has queued or under way.`,
  );
  return [place, reference, cannot, ...seen, ...others].join('');
}
