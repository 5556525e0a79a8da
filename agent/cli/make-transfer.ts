import { isDeepStrictEqual } from 'node:util';
import type { Sandbox } from '#host/sandbox';
import type { SweepRun } from '../sweep/rows.ts';
import type { Made } from '../transfer/comparison.ts';
import { type Printed, type Side, stretches } from '../transfer/groups.ts';
import type { Recipe, Wanted } from '../transfer/plan.ts';
import { makeRuns, withFingerprints } from './make-runs.ts';

/** What the runs of a transfer share. */
interface From {
  repo: string;
  sandbox: Sandbox;
  sides: Record<Wanted['where'], Side>;
}

/**
 * The runs with their fingerprints. A best whose runs are those of another recipe is left out: `same` names
 * that. `kept`: the recipes that are left.
 */
export async function printedRuns(
  { repo, sandbox, sides }: From,
  runs: readonly Wanted[],
): Promise<{ wanted: Printed[]; kept: Recipe[]; same: string | null }> {
  const printed: Printed[] = [];
  for (const where of ['other', 'own'] as const) {
    const { task, profileName } = sides[where];
    const own = runs.filter((run) => run.where === where);
    for (const tree of new Set(own.map(({ recipe }) => recipe.tree))) {
      const group = own.filter(({ recipe }) => recipe.tree === tree);
      const told = await withFingerprints({ repo, task, sandbox, profileName, tree }, group);
      for (const { fingerprint, ...run } of told) {
        const { name, settings, seed, label } = run;
        printed.push({ ...run, member: { name, settings, seed, label, fingerprint } });
      }
    }
  }
  const inOrder = runs.flatMap((run) => printed.find((each) => sameRun(each, run)) ?? []);
  const recipes = [...new Set(runs.map(({ recipe }) => recipe))];
  const [first] = recipes;
  const prints = (recipe: Recipe) =>
    inOrder
      .filter(({ recipe: of, at }) => of === recipe && (at === null || first?.role === 'line'))
      .map(({ where, at, seed, member }) => [where, at, seed, member.fingerprint]);
  const same = recipes.slice(1).find((recipe) => first && isDeepStrictEqual(prints(first), prints(recipe)));
  const kept = same ? recipes.slice(1) : recipes;
  return { wanted: inOrder.filter(({ recipe }) => kept.includes(recipe)), kept, same: same?.name ?? null };
}

const sameRun = (a: Wanted, b: Wanted): boolean =>
  a.recipe === b.recipe && a.where === b.where && a.at === b.at && a.seed === b.seed;

/** Makes the runs in the order of the plan. `onRun` hears of all that are there, with each further one. */
export async function makeTransfer(
  { repo, sandbox, sides }: From,
  wanted: readonly Printed[],
  sideBySide: number,
  onRun: (made: Made[]) => Promise<unknown>,
): Promise<{ made: Made[]; whole: boolean }> {
  const done: Made[] = [];
  for (const runs of stretches(wanted)) {
    const [first] = runs;
    if (!first) continue;
    const { task, profileName, samples } = sides[first.where];
    const common = { repo, task, sandbox, profileName, tree: first.recipe.tree, samples };
    let own: Made[] = [];
    const whole = await makeRuns(
      runs.map(({ member }) => member),
      common,
      {
        sideBySide,
        within: `${profileName} · `,
        onRun: (made) => {
          own = runs.flatMap((run) => {
            const found = made.find((each) => isOf(each, run));
            return found ? [{ wanted: run, run: found }] : [];
          });
          void onRun([...done, ...own]);
        },
      },
    );
    done.push(...own);
    if (!whole) return { made: done, whole: false };
  }
  return { made: done, whole: true };
}

const isOf = (run: SweepRun, { member }: Printed): boolean =>
  run.name === member.name && run.seed === member.seed && isDeepStrictEqual(run.settings, member.settings);
