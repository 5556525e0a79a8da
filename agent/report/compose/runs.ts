import type { Role } from '#contract/run';
import { pairsOf } from '#contract/settings';
import type { Sprint, SprintRun } from '#contract/sprint';
import { clip, samples } from '../document/names.ts';

const ROLES: Record<Role, string> = { incumbent: 'the best before', repeat: 'the candidate again' };

/** The experiment and its changed settings: "wide · lr=0.3". */
export function runTitle(run: SprintRun): string {
  const experiment = run.role ? `${ROLES[run.role]}, ${run.experiment}` : run.experiment;
  const start = run.from === undefined ? [] : [`from ${run.from}`];
  return clip([experiment, ...start, ...pairsOf(run.settings)].join(' · '), 60);
}

/**
 * Short names that distinguish a sprint's runs, the most important first: the candidate, then the other
 * verified runs, then the longest. Seed and samples appear only where they differ.
 */
export function runNames(sprint: Pick<Sprint, 'runs' | 'candidate'>): Map<string, string> {
  const { runs } = sprint;
  const seeds = new Set(runs.map((run) => run.seed)).size > 1;
  const budgets = new Set(runs.map((run) => run.samples)).size > 1;
  const weight = (run: SprintRun) =>
    (run.id === sprint.candidate ? 4e15 : 0) + (run.verdict ? 2e15 : 0) + run.samples;
  const names = new Map<string, string>();
  const used = new Map<string, number>();
  for (const run of runs.toSorted((a, b) => weight(b) - weight(a))) {
    const parts = [runTitle(run)];
    if (budgets) parts.push(samples(run.samples));
    if (seeds) parts.push(`seed ${run.seed}`);
    const name = parts.join(', ');
    const count = (used.get(name) ?? 0) + 1;
    used.set(name, count);
    names.set(run.id, count === 1 ? name : `${name} (${count})`);
  }
  return names;
}

/** The judge's numbers of a run; where there is no verdict, those of its last measured snapshot. */
export function measured(run: SprintRun): {
  metrics: Record<string, number>;
  from: 'verdict' | 'snapshot' | null;
} {
  if (run.verdict) return { metrics: run.verdict.metrics, from: 'verdict' };
  const last = run.evals.at(-1);
  return last ? { metrics: last.metrics, from: 'snapshot' } : { metrics: {}, from: null };
}
