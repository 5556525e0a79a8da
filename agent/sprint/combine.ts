import type { Pair } from '#contract/combining';
import type { RunSpec } from '#contract/run';
import { pairsOf } from '#contract/settings';
import type { Sprint, SprintRun } from '#contract/sprint';
import type { Sandbox } from '#host/sandbox';
import { stagesOf } from '../budget/plan.ts';
import type { Stopper } from '../budget/stop.ts';
import { cut, firstLine, show } from '../common/words.ts';
import type { Config } from '../config/config.ts';
import type { Checkout } from '../git/run-branch.ts';
import type { Journal } from '../journal/journal.ts';
import { sprintsOf } from '../ledger/combined.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { gave, sameRecipe } from '../ledger/repeat.ts';
import { readSprintRun } from '../ledger/run-folder.ts';
import type { OpenSprint } from '../open-sprint/open-sprint.ts';
import { restoreWorkspace } from '../open-sprint/workspace.ts';
import { ToolMistake } from '../requests/paths.ts';
import type { StartSprintInput } from '../requests/schemas.ts';
import type { Connection } from '../researcher/connection.ts';
import type { Ending } from '../researcher/conversation.ts';
import { checkTree } from '../runs/check.ts';
import { type Merging, mergePair } from './merge-pair.ts';
import { hasReference } from './reference-run.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Config;
  connection: Connection;
  checkout: Checkout;
  sandbox: Sandbox;
  journal: Journal;
  ledger: Ledger;
  stopper: Stopper;
}

/**
 * A sprint that the loop makes itself, without a researcher: it merges a gain that was made beside the
 * present best into that, and trains the merge in the stages that hold for any candidate. After a crash the
 * same trees are merged again, and its runs are gone on with.
 */
export async function combine(loop: LoopParts, sprint: OpenSprint, pair: Pair): Promise<Ending> {
  const {
    config: { repo, task },
    stopper,
  } = loop;
  const merging = await mergePair(loop, pair, sprint.treeBefore);
  if (!sprint.claim) sprint.start(claimFor(loop, pair));
  if (merging.kind !== 'merged') return notCombined(sprint, troubleOf(merging));
  const { tree } = merging.spec;
  await restoreWorkspace({ repo, folder: task.contract.workspace, tree });
  const failed = sprint.claimedRuns.started.length === 0 ? await checkTree(loop, tree) : null;
  if (stopper.hard.aborted) return { kind: 'stopped', reason: 'stopped at once' };
  if (failed !== null) return notCombined(sprint, `the merge fails the check: ${failed}`);
  const last = await trained(loop, sprint, merging.spec);
  if (last === 'parked') return { kind: 'stopped', reason: stopper.requested()?.reason ?? 'stopped at once' };
  const { run, refused } = last;
  if (refused !== undefined) sprint.notCombined = { why: refused, ask: false };
  const full = run?.status === 'finished' && run.samples === loop.config.profile.budgets.full;
  sprint.finish = {
    summary: `${BY} Result: ${refused ?? (run ? gave(run) : 'no run')}.`,
    candidate: full ? run.id : null,
  };
  return { kind: 'finished' };
}

const BY = 'The loop itself made this sprint, without a researcher.';

const troubleOf = (merging: Exclude<Merging, { kind: 'merged' }>): string =>
  merging.kind === 'same' ? 'the workspace has both changes already' : merging.trouble;

/** Ends the sprint without a run: a researcher is asked to combine the two by hand. */
function notCombined(sprint: OpenSprint, trouble: string): Ending {
  sprint.notCombined = { why: trouble, ask: true };
  sprint.finish = { summary: `${BY} It could not combine the two: ${trouble}.`, candidate: null };
  return { kind: 'finished' };
}

/** The last run that the merge was trained in; `refused`: why it got no longer one. */
interface Trained {
  run: SprintRun | null;
  refused?: string;
}

/** Trains the merge: in each stage of the profile that it has earned, or at once in full. */
async function trained(
  loop: LoopParts,
  sprint: OpenSprint,
  named: Pick<RunSpec, 'experiment' | 'settings' | 'tree'>,
): Promise<Trained | 'parked'> {
  const { profile, seed } = loop.config;
  const { budgets } = profile;
  const staged = stagesOf(loop, { sprints: [], mine: [] }) !== null;
  let last: Trained = { run: null };
  for (const budget of staged ? (['screen', 'rank', 'full'] as const) : (['full'] as const)) {
    const id = idOf(loop, sprint, { ...named, seed, samples: budgets[budget] }) ?? (await ask(budget));
    if (typeof id !== 'string') return { ...last, ...id };
    for (const each of new Set([id, ...sprint.claimedRuns.open])) {
      const { run, trouble, ended } = await sprint.claimedRuns.wait(each);
      if (!ended) {
        sprint.parked = await sprint.claimedRuns.park();
        return 'parked';
      }
      if (each === id) last = { run, ...(run === null && { refused: trouble ?? 'it did not start' }) };
    }
    if (last.run?.status !== 'finished') return last;
    if (!(await hasReference(loop, sprint.claimedRuns, last.run))) {
      await sprint.claimedRuns.park();
      sprint.parked = true;
      return 'parked';
    }
  }
  return last;

  async function ask(budget: 'screen' | 'rank' | 'full'): Promise<string | { refused: string }> {
    try {
      const { experiment, settings } = named;
      const asked = { experiment, set: pairsOf(settings), budget };
      const [answer] = await sprint.claimedRuns.request(asked, sprint.queue);
      return answer?.run?.id ?? { refused: answer?.refused ?? 'refused' };
    } catch (error) {
      if (!(error instanceof ToolMistake)) throw error;
      return { refused: cut(firstLine(error.message), 300) };
    }
  }
}

/** The run of the merge at this budget that a sprint has begun already, if it need not be made again. */
function idOf({ config: { repo } }: LoopParts, { claimedRuns }: OpenSprint, of: RunSpec): string | null {
  const fits = (run: RunSpec) => run.samples === of.samples && sameRecipe(run, of);
  const open = claimedRuns.openSpecs.find(({ spec }) => fits(spec));
  const ended = claimedRuns.started
    .flatMap((id) => readSprintRun(repo, id) ?? [])
    .find((run) => run.role === undefined && run.status === 'finished' && fits(run));
  return open?.id ?? ended?.id ?? null;
}

/** The claim of such a sprint: templates with the numbers and titles of the two. */
function claimFor({ config: { task, leaderboard }, ledger }: LoopParts, pair: Pair): StartSprintInput {
  const { metric } = task.contract;
  const of = sprintsOf(pair, ledger.of(leaderboard));
  const named = (one: Sprint | undefined) =>
    `sprint ${one?.number ?? '?'}, "${one?.title ?? '?'}" (${metric} ${show(one?.verdict?.metrics[metric])})`;
  return {
    slug: 'combine',
    title: `Combine sprints ${of?.best.number ?? '?'} and ${of?.left.number ?? '?'}`,
    idea: `Both gains at once: the change and the settings of ${named(of?.left)}, merged into those of ${named(of?.best)}.`,
    motivation: `They were made side by side, and neither has the change of the other. The second began with ${named(of?.base)}, and was a gain over that.`,
    expectation: `If the two gains add up, ${metric} changes by the sum of both. If they rest on the same cause, it stays near the larger one.`,
    predicted: {},
  };
}
