import type { SprintRun } from '#contract/sprint';
import { ToolMistake } from '../tools/paths.ts';
import { show } from '../words.ts';

/** What makes a run what it is. */
export interface RunSpec {
  experiment: string;
  samples: number;
  seed: number;
  /** "key=value" overrides. */
  set: readonly string[];
  tree: string;
}

/** Whether a run that has finished was made from exactly this. */
export function isRunOf(
  spec: RunSpec,
  run: Pick<SprintRun, 'status' | 'tree' | 'experiment' | 'samples' | 'seed' | 'args'>,
): boolean {
  const { args } = run;
  return (
    run.status === 'finished' &&
    run.tree === spec.tree &&
    run.experiment === spec.experiment &&
    run.samples === spec.samples &&
    run.seed === spec.seed &&
    args.filter((_, i) => args[i - 1] === '--set').join(' ') === spec.set.join(' ')
  );
}

/** A run that was made already tells nothing new. @throws ToolMistake with what it gave. */
export function refuseRepeat(spec: RunSpec, runs: readonly SprintRun[]): void {
  const same = runs.find((run) => isRunOf(spec, run));
  if (!same) return;
  const numbers = Object.entries(same.verdict?.metrics ?? same.evals.at(-1)?.metrics ?? same.claimed).slice(
    0,
    4,
  );
  const gave = numbers.map(([name, value]) => `${name} ${show(value)}`).join(', ');
  throw new ToolMistake(
    `this exact run was made already, as ${same.id} (same code, settings, samples and seed): ${gave}. Change something, or read it with read_results`,
  );
}
