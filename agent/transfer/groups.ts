import type { Task } from '#contract/task';
import type { Member } from '../sweep/member.ts';
import type { Wanted } from './plan.ts';

/** Where runs are trained and judged. */
export interface Side {
  task: Task;
  profileName: string;
  samples: number;
}

/** A run of the plan with what identifies it. */
export interface Printed extends Wanted {
  member: Member;
}

/** Runs of one side and one tree. */
interface Group {
  tree: string;
  members: Member[];
}

/** The runs of each side, by the tree that they are trained from. */
export function sidesOf(runs: readonly Printed[]): { where: Wanted['where']; runs: Group[] }[] {
  return (['other', 'own'] as const).map((where) => {
    const groups = new Map<string, Member[]>();
    for (const run of runs.filter((each) => each.where === where))
      groups.set(run.recipe.tree, [...(groups.get(run.recipe.tree) ?? []), run.member]);
    return { where, runs: [...groups].map(([tree, members]) => ({ tree, members })) };
  });
}

/** Neighbours of one side and one tree, in the order of the plan. */
export function stretches(runs: readonly Printed[]): Printed[][] {
  const found: Printed[][] = [];
  for (const run of runs) {
    const last = found.at(-1);
    const [before] = last ?? [];
    if (before?.where === run.where && before.recipe.tree === run.recipe.tree) last?.push(run);
    else found.push([run]);
  }
  return found;
}
