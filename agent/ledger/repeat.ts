import type { Run, RunSpec } from '#contract/run';
import type { SprintRun } from '#contract/sprint';
import { show } from '../common/words.ts';
import { ToolMistake } from '../requests/paths.ts';

/** Whether two runs have the same code, settings and start, whatever their samples and seeds. */
export const sameRecipe = (a: RunSpec, b: RunSpec): boolean => a.tree === b.tree && sameWords(a, b);

/** Whether two runs ask for the same experiment, settings and start, of whatever code. */
export const sameWords = (a: RunSpec, b: RunSpec): boolean =>
  a.from === b.from &&
  a.experiment === b.experiment &&
  JSON.stringify(valuesOf(a)) === JSON.stringify(valuesOf(b));

/** A run that is made or asked for, with its fingerprint where that is known. */
export type Printed = RunSpec & Pick<Run, 'fingerprint'>;

/**
 * Whether nothing that decides their results differs between two runs, whatever their samples and seeds: the
 * same recipe, or the same fingerprint in another tree. For refusals only. Code that hides what it loads can
 * have the fingerprint of other code, so no number of one run stands for another on the judge's side.
 */
export const sameWork = (a: Printed, b: Printed): boolean =>
  sameRecipe(a, b) || (a.fingerprint !== undefined && a.fingerprint === b.fingerprint && sameWords(a, b));

export const sameRun = (a: RunSpec, b: RunSpec): boolean =>
  a.samples === b.samples && a.seed === b.seed && sameRecipe(a, b);

/** The statuses that a repeated run would end with again. */
const CERTAIN = ['finished', 'diverged'];

/**
 * Refuses a run that was made already, since it would tell nothing new.
 * @throws ToolMistake with the result of that run.
 */
export function refuseRepeat(spec: Printed, runs: readonly SprintRun[]): void {
  const again = (run: SprintRun) =>
    run.samples === spec.samples && run.seed === spec.seed && sameWork(run, spec);
  const same = runs.find((run) => CERTAIN.includes(run.status) && again(run));
  if (!same) return;
  throw new ToolMistake(
    `this run was made already, as ${same.id} (same code, settings, samples and seed): ${gave(same)}. Change something, or read its results with read_results`,
  );
}

/**
 * Refuses a run that is queued or running already.
 * @throws ToolMistake with the id to wait for.
 */
export function refuseOpen(spec: RunSpec, open: readonly { id: string; spec: RunSpec }[]): void {
  const same = open.find((other) => sameRun(other.spec, spec));
  if (!same) return;
  throw new ToolMistake(
    `this run is queued or running already, as ${same.id} (same code, settings, samples and seed); wait for its results with wait_for_experiment`,
  );
}

/**
 * Refuses a run that another researcher has queued or trains already.
 * @throws ToolMistake that says whose it is.
 */
export function refuseOfOthers(
  spec: RunSpec,
  others: readonly (RunSpec & { researcherId: string; run: string | null })[],
): void {
  const same = others.find((other) => sameRun(other, spec));
  if (!same) return;
  throw new ToolMistake(
    `${same.researcherId} has this run ${same.run === null ? 'in the queue' : `under way, as ${same.run}`} (same code, settings, samples and seed): its results will be yours to read too, with read_results; test something else meanwhile`,
  );
}

/** Two numbers of a setting are nearly the same when they differ by no more than this share. */
const NEAR = 0.1;

/** Finished runs that this run nearly repeats. */
export const nearRuns = (spec: RunSpec, runs: readonly SprintRun[]): SprintRun[] =>
  runs.filter((run) => CERTAIN.includes(run.status) && isNearly(run, spec));

/**
 * Whether two runs are nearly the same: the same samples, code and experiment, and the same settings except
 * for numbers within a tenth of each other. Another seed counts as the same.
 */
export const isNearly = (a: RunSpec, b: RunSpec): boolean =>
  a.tree === b.tree &&
  a.from === b.from &&
  a.experiment === b.experiment &&
  a.samples === b.samples &&
  !sameRun(a, b) &&
  nearSettings(valuesOf(a), valuesOf(b));

/**
 * The result of a run in a few words: its verdict, else its last snapshot, else the trainer's own numbers.
 */
export function gave(run: SprintRun): string {
  if (run.status !== 'finished') return `${run.status}: ${run.reason ?? 'no reason given'}`;
  const numbers = run.verdict?.metrics ?? run.evals.at(-1)?.metrics ?? run.claimed;
  const first = Object.entries(numbers).slice(0, 4);
  return first.map(([name, value]) => `${name} ${show(value)}`).join(', ');
}

/** Settings sorted by key, numbers parsed: 3e-4 equals 0.0003. */
const valuesOf = ({ settings }: RunSpec): [string, string | number][] =>
  Object.entries(settings)
    .map(([key, text]): [string, string | number] => {
      const value = text.trim();
      return [key, value !== '' && Number.isFinite(Number(value)) ? Number(value) : value];
    })
    .sort(([a], [b]) => (a < b ? -1 : 1));

const nearSettings = (a: [string, string | number][], b: [string, string | number][]): boolean =>
  a.length === b.length &&
  a.every(([name, value], i) => {
    const [other, near] = b[i] ?? [];
    return name === other && near !== undefined && nearValues(value, near);
  });

const nearValues = (a: string | number, b: string | number): boolean =>
  typeof a === 'number' && typeof b === 'number'
    ? Math.abs(a - b) <= NEAR * Math.max(Math.abs(a), Math.abs(b))
    : a === b;
