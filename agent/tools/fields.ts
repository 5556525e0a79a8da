import type { EndedFields, LedgerFields } from '#contract/answer';
import type { SprintRun } from '#contract/sprint';
import type { TaskContract } from '#contract/task-contract';
import { sprintsDir } from '../common/paths.ts';
import { show } from '../common/words.ts';
import { readSprints } from '../ledger/ledger.ts';
import type { OpenSprint } from '../open-sprint/open-sprint.ts';

/** The fields of read_results: the ledger as JSON. */
export function ledgerFields({ loop, claim }: OpenSprint): LedgerFields {
  const { repo, leaderboard, task } = loop.config;
  const sprints = readSprints(sprintsDir(repo)).filter((sprint) => sprint.leaderboard === leaderboard);
  return {
    sprint: claim?.id ?? null,
    bestKnown: loop.checkout.bestKnown,
    metric: task.contract.metric,
    ledger: sprints.map(({ number, id, outcome, verdict }) => ({
      ...{ number, id, outcome },
      metrics: shown(verdict?.metrics, task.contract),
    })),
  };
}

/** The fields of wait_for_experiment: one run as JSON. */
export const endedFields = (run: SprintRun, contract: TaskContract): EndedFields => ({
  ...{ run: run.id, status: run.status, reason: run.reason },
  claimed: rounded(run.claimed),
  measured: shown(run.evals.at(-1)?.metrics, contract),
});

/** The metrics that the task shows. */
function shown(metrics: Readonly<Record<string, number>> = {}, { metric, also }: TaskContract) {
  const fields = [metric, ...also].filter((field) => metrics[field] !== undefined);
  return rounded(Object.fromEntries(fields.map((field) => [field, metrics[field] as number])));
}

/** Rounded as in the words, so that a copied number is the one that was shown. */
const rounded = (numbers: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, Number(show(value))]));
