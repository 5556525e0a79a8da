import type { SprintRun } from '#contract/sprint';
import { show } from '../common/words.ts';
import { ToolMistake } from '../requests/paths.ts';

/** What makes a run what it is. */
export interface RunSpec {
  experiment: string;
  samples: number;
  seed: number;
  /** "key=value" overrides. */
  set: readonly string[];
  tree: string;
}

/** What a run was asked for with. */
export const specOf = (
  run: Pick<SprintRun, 'experiment' | 'samples' | 'seed' | 'args' | 'tree'>,
): RunSpec => ({
  experiment: run.experiment,
  samples: run.samples,
  seed: run.seed,
  set: run.args.filter((_, i) => run.args[i - 1] === '--set'),
  tree: run.tree,
});

/** The same code and settings, whatever the samples and the seed. */
export const sameRecipe = (a: RunSpec, b: RunSpec): boolean =>
  a.tree === b.tree &&
  a.experiment === b.experiment &&
  JSON.stringify(settings(a)) === JSON.stringify(settings(b));

export const sameRun = (a: RunSpec, b: RunSpec): boolean =>
  a.samples === b.samples && a.seed === b.seed && sameRecipe(a, b);

/** Endings that the same run would only come to again. */
const CERTAIN = ['finished', 'diverged'];

/** A run that was made already tells nothing new. @throws ToolMistake with what it gave. */
export function refuseRepeat(spec: RunSpec, runs: readonly SprintRun[]): void {
  const same = runs.find((run) => CERTAIN.includes(run.status) && sameRun(specOf(run), spec));
  if (!same) return;
  throw new ToolMistake(
    `this exact run was made already, as ${same.id} (same code, settings, samples and seed): ${gave(same)}. Change something, or read it with read_results`,
  );
}

/** Nor does one that waits for the device, or holds it. @throws ToolMistake with the id to wait for. */
export function refuseOpen(spec: RunSpec, open: readonly { id: string; spec: RunSpec }[]): void {
  const same = open.find((other) => sameRun(other.spec, spec));
  if (!same) return;
  throw new ToolMistake(
    `this exact run is queued or running already, as ${same.id} (same code, settings, samples and seed): wait_for_experiment gives what it comes to`,
  );
}

/** Apart by no more than this share, two numbers of a setting are nearly the same. */
const NEAR = 0.1;

/**
 * Finished runs of as many samples that a run nearly repeats: the same code and experiment, and settings that are the same but for
 * numbers within a tenth of each other (another seed counts as the same).
 */
export function nearRuns(spec: RunSpec, runs: readonly SprintRun[]): SprintRun[] {
  return runs.filter((run) => {
    const other = specOf(run);
    return (
      CERTAIN.includes(run.status) &&
      other.tree === spec.tree &&
      other.experiment === spec.experiment &&
      other.samples === spec.samples &&
      !sameRun(other, spec) &&
      nearSettings(settings(other), settings(spec))
    );
  });
}

/** What a run gave, in a few words: its verdict, else its last snapshot, else the trainer's own numbers. */
export function gave(run: SprintRun): string {
  if (run.status !== 'finished') return `${run.status}: ${run.reason ?? 'no reason given'}`;
  const numbers = run.verdict?.metrics ?? run.evals.at(-1)?.metrics ?? run.claimed;
  const first = Object.entries(numbers).slice(0, 4);
  return first.map(([name, value]) => `${name} ${show(value)}`).join(', ');
}

/** Settings by name, sorted: of two with one name the last holds, and 3e-4 is 0.0003. */
function settings({ set }: RunSpec): [string, string | number][] {
  const pairs = set.map((pair): [string, string | number] => {
    const at = pair.indexOf('=');
    const value = pair.slice(at + 1).trim();
    return [pair.slice(0, at), value !== '' && Number.isFinite(Number(value)) ? Number(value) : value];
  });
  return [...new Map(pairs)].sort(([a], [b]) => (a < b ? -1 : 1));
}

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
