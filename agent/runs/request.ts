import { type RunSpec, specOf } from '#contract/run';
import { settingsFrom } from '#contract/settings';
import type { SprintRun } from '#contract/sprint';
import type { Sandbox } from '#host/sandbox';
import { checkoutTree, snapshotTree } from '#host/tree';
import type { Stopper } from '../budget/stop.ts';
import type { Queue } from '../common/queue.ts';
import type { Config } from '../config/config.ts';
import { fingerprintsOf } from '../executor/fingerprint.ts';
import type { Printed } from '../ledger/repeat.ts';
import { ToolMistake } from '../requests/paths.ts';
import type { RunExperimentInput } from '../requests/schemas.ts';
import { cannotCount, inWords } from '../task/foretell.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Config;
  sandbox: Sandbox;
  stopper: Stopper;
}

/** A run that was accepted. */
export interface AcceptedRun {
  /** The run's id, or a ticket where the device is busy. */
  id: string;
  queued: boolean;
  samples: number;
  /** The ticket of the incumbent's run to compare with, where that run had to be queued too. */
  against: string | null;
  /** Why its verdict could not count: the constraints that its settings break. */
  doubt: string | null;
  /** Runs that it nearly repeats. */
  near: SprintRun[];
  /** Runs of other researchers that it nearly repeats, and that wait or train. */
  nearOpen: { id: string; researcherId: string }[];
}

/** The answer for one seed of a request: a run, or why there is none. */
export type SeedAnswer = { seed: number } & (
  | { run: AcceptedRun; refused?: undefined }
  | { run?: undefined; refused: string }
);

/** What a request may refer to. */
interface Known {
  /** The runs of the leaderboard. */
  runs: readonly SprintRun[];
  /** The id of the run that has started with a ticket. */
  runOf(ticket: string): string | undefined;
  queue: Queue;
}

/**
 * The spec of a request: by name from the workspace as it stands, or from an earlier run (`of`) at another
 * budget or seed. @throws ToolMistake where the request names none, or contradicts itself.
 */
export async function specFor(
  { config: { repo, task, profile, seed } }: Pick<LoopParts, 'config'>,
  input: RunExperimentInput,
  { runs, runOf, queue }: Known,
): Promise<Printed> {
  if (input.seed !== undefined && input.seeds !== undefined)
    throw new ToolMistake('give "seed" or "seeds", not both');
  const common = {
    samples: input.samples ?? profile.budgets[input.budget ?? 'screen'],
    seed: input.seed ?? seed,
  };
  if (input.of !== undefined) {
    const id = runOf(input.of) ?? input.of;
    const run = runs.find((run) => run.id === id);
    if (!run)
      throw new ToolMistake(
        `no run "${input.of}" on this leaderboard: read_results lists the runs; or give "experiment"`,
      );
    if (input.experiment !== undefined || input.set !== undefined || input.from !== undefined)
      throw new ToolMistake(
        '"of" takes code, settings and start from that run; leave out "experiment", "set" and "from"',
      );
    return { ...specOf(run), fingerprint: run.fingerprint, ...common };
  }
  if (input.experiment === undefined) throw new ToolMistake('give "experiment", or a run with "of"');
  const tree = await queue.run(() => snapshotTree({ repo, folder: task.contract.workspace }));
  const settings = settingsFrom(input.set ?? []);
  const { experiment } = input;
  return { experiment, settings, tree, ...common, ...startOf(input, { runs, runOf }) };
}

/** The run that a request starts from. @throws ToolMistake where it has not finished. */
function startOf({ from }: RunExperimentInput, { runs, runOf }: Omit<Known, 'queue'>): Pick<RunSpec, 'from'> {
  if (from === undefined) return {};
  const run = runs.find(({ id }) => id === (runOf(from) ?? from));
  if (run?.status === 'finished') return { from: run.id };
  throw new ToolMistake(`no finished run "${from}" on this leaderboard: read_results lists the runs`);
}

/**
 * A spec with its fingerprint, which a run that is made again has already, and why its verdict could not
 * count. Programs of the workspace tell both, side by side.
 */
export async function toldOf(
  loop: LoopParts,
  spec: Printed,
): Promise<{ printed: Printed; doubt: string | null }> {
  const { sandbox, config } = loop;
  const { task, repo, profileName } = config;
  const from = { task, repo, sandbox, profileName, tree: spec.tree };
  const [told, doubt] = await Promise.all([
    'fingerprint' in spec ? [spec] : fingerprintsOf(from, [spec]),
    doubtOf(loop, spec),
  ]);
  return { printed: { ...spec, fingerprint: told[0]?.fingerprint }, doubt };
}

/**
 * The constraints that a run breaks by its settings, in words. The constraint on samples counts only from the
 * full budget on: an earlier stage has fewer by design.
 */
async function doubtOf(
  { config, sandbox, stopper }: LoopParts,
  { experiment, settings, samples, tree }: RunSpec,
): Promise<string | null> {
  const { repo, task, profile, profileName } = config;
  const cwd = await checkoutTree({ repo, tree });
  const asked = { task, repo, cwd, sandbox, profileName, samples, settings, experiment };
  const broken = await cannotCount({ ...asked, signal: stopper.hard });
  return inWords(broken.filter(({ field }) => field !== 'samples' || samples >= profile.budgets.full));
}
