import type { Pair } from '#contract/combining';
import type { RunSpec } from '#contract/run';
import { plain } from '#contract/text';
import type { Config } from '../config/config.ts';
import { mergeTrees } from '../git/merge-trees.ts';
import type { Checkout } from '../git/run-branch.ts';
import { sprintsOf } from '../ledger/combined.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { mergeSettings } from '../ledger/merge-settings.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Pick<Config, 'leaderboard'>;
  checkout: Pick<Checkout, 'git'>;
  ledger: Ledger;
}

/**
 * `same`: the workspace and the best's settings have the change already. `trouble`: why the two cannot be
 * merged.
 */
export type Merging =
  | { kind: 'merged'; spec: Pick<RunSpec, 'experiment' | 'settings' | 'tree'> }
  | { kind: 'same' }
  | { kind: 'trouble'; trouble: string };

/**
 * Merges a gain that was left out into the present best: into the workspace `ours`, and its settings into
 * those of the best's run. What the gain changed is read off the workspace and the best that it began with.
 */
export async function mergePair(
  { config, checkout, ledger }: LoopParts,
  pair: Pair,
  ours: string,
): Promise<Merging> {
  const of = sprintsOf(pair, ledger.of(config.leaderboard));
  const runs =
    of && [of.base, of.best, of.left].map(({ runs, candidate }) => runs.find(({ id }) => id === candidate));
  const [base, best, left] = runs ?? [];
  if (!of || !base || !best || !left) return { kind: 'trouble', trouble: 'a record of the two has gone' };
  const trees = { base: of.left.change.treeBefore, ours, theirs: left.tree };
  const [settings, merged] = [mergeSettings(base, best, left), await mergeTrees(checkout.git, trees)];
  const conflicts: string[] = [];
  if ('files' in merged)
    conflicts.push(
      merged.files.length > 0
        ? `both changed ${some(merged.files)}`
        : 'git cannot merge the workspaces of the two',
    );
  if ('conflicts' in settings) conflicts.push(`both set ${some(settings.conflicts)}`);
  if ('files' in merged || 'conflicts' in settings) return { kind: 'trouble', trouble: conflicts.join('; ') };
  const { tree } = merged;
  const same = tree === ours && JSON.stringify(settings) === JSON.stringify(mergeSettings(best, best, best));
  return same ? { kind: 'same' } : { kind: 'merged', spec: { ...settings, tree } };
}

const MOST_NAMES = 5;

/** The first names, which are of the researchers' own choice, in a line. */
function some(names: readonly string[]): string {
  const more = names.length - MOST_NAMES;
  return `${names.slice(0, MOST_NAMES).map(plain).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
