import { violation } from '#contract/condition';
import type { Verdict } from '#contract/verdict';
import { groupsOf } from '../eval/latents.ts';
import { type FirstRows, worstLatents } from '../eval/worst.ts';
import type { Case } from './case.ts';
import { decidingEvaluation, type Measurement } from './measure.ts';

/**
 * Where the numbers of a verdict come from, for people: groups of latents, and the worst of them. Nothing of
 * another width than a run has to have, which would be probes of the truth.
 */
export function partsOf(
  { profile, world: { world } }: Case,
  measurement: Measurement,
  first: FirstRows,
): Pick<Verdict, 'groups' | 'tables'> {
  const { matching } = measurement;
  const { width } = profile.constraints;
  if (width === undefined || violation(width, matching.best.length, []) !== null) return {};
  const evaluation = decidingEvaluation(measurement);
  return {
    groups: groupsOf(world, matching, evaluation),
    tables: [worstLatents(world, matching, evaluation, first)],
  };
}
