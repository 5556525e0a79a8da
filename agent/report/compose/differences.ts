import { worldWords } from '../../common/worlds.ts';
import { label } from '../document/names.ts';
import type { Differences } from '../plots/gain.ts';
import { type Context, candidateOf } from './context.ts';

/** How far the candidate is from the best before by each measurement that there is, the first first. */
export function differencesOf(context: Context): Differences[] {
  const { sprint, task } = context;
  const { metric, verdict, bestBefore, repeat, confirmed } = sprint;
  const value = verdict?.metrics[metric];
  const best = bestBefore?.metrics[metric];
  if (value === undefined || best === undefined || !verdict) return [];
  const seed = candidateOf(context)?.seed;
  const lines: Differences[] = [
    {
      name: `${label(metric)}, verified${seed === undefined ? '' : `, seed ${seed}`}`,
      value: value - best,
      single: othersOf(context).map((other) => other - best),
    },
  ];
  const [again, againBest] = [repeat?.verdict.metrics[metric], repeat?.best.verdict.metrics[metric]];
  if (repeat && again !== undefined && againBest !== undefined) {
    const second = again - againBest;
    lines.push({ name: `${label(metric)}, verified, seed ${repeat.seed}`, value: second, single: [] });
    lines.push({ name: 'mean of both seeds', value: (value - best + second) / 2, single: [] });
  }
  if (confirmed?.gain) {
    const way = sprint.goal === 'max' ? 1 : -1;
    const { mean, error, needed } = confirmed.gain;
    lines.push({
      name: `gain on ${confirmed.candidate.n} ${worldWords(verdict).secrets}`,
      ...{ value: way * mean, error, needed: way * needed },
      single: confirmed.pairs.flatMap(({ candidate, best: other }) => {
        const [now, was] = [candidate[metric], other?.[metric]];
        return now === undefined || was === undefined ? [] : [now - was];
      }),
    });
  }
  for (const name of task.contract.gains) {
    const [now, was] = [verdict.metrics[name], bestBefore?.metrics[name]];
    if (now !== undefined && was !== undefined)
      lines.push({ name: `${label(name)}, verified`, value: now - was, single: [] });
  }
  return lines;
}

/** The metric of the other verified runs of the sprint at the candidate's budget. */
function othersOf(context: Context): number[] {
  const { sprint } = context;
  const samples = candidateOf(context)?.samples;
  return sprint.runs.flatMap((run) =>
    run.id === sprint.candidate || run.samples !== samples ? [] : (run.verdict?.metrics[sprint.metric] ?? []),
  );
}
