import { UserError } from '#contract/errors';
import type { Settings } from '#contract/run';
import type { Transfer } from '#contract/transfer';
import { chosen } from '../sweep/chosen.ts';
import type { Member } from '../sweep/member.ts';
import type { Experiment } from '../task/experiments.ts';

/** A recipe that is tried in both worlds. */
export interface Recipe {
  /** What it is called: its experiment, or `best: <experiment>`. */
  name: string;
  experiment: string;
  /** What is set against it: in its own world, and on the new data, where sizes are those of the profile. */
  settings: { own: Settings; other: Settings };
  /** `line`: tried at each value; `part`: at the middle value alone. */
  role: 'line' | 'part';
  /** The workspace that it is trained from. */
  tree: string;
}

/** One run that a report needs. */
export interface Wanted extends Pick<Member, 'name' | 'settings' | 'seed' | 'label'> {
  recipe: Recipe;
  /** Where it trains: the world of the night, or the new data. */
  where: 'own' | 'other';
  /** The value of the setting along which lines are drawn; null in the own world. */
  at: number | null;
}

/** The best of a night, as its record has it. */
export interface Best extends Pick<Recipe, 'experiment' | 'tree'> {
  settings: Settings;
}

/**
 * The recipes to compare: the best, the lines of the task, and its parts. What this workspace lacks is left
 * out, and named in `lacking`. `sized`: settings that belong to the size of a world, and do not travel.
 * @throws UserError where the workspace lacks what all are compared with
 */
export function recipesOf(from: {
  transfer: Pick<Transfer, 'lines' | 'parts'>;
  known: readonly Experiment[];
  tree: string;
  best: Best | null;
  sized: readonly string[];
}): { recipes: Recipe[]; lacking: string[] } {
  const { transfer, known, tree, best, sized } = from;
  const isKnown = (name: string) => known.some((each) => each.name === name);
  const named = [...transfer.lines, ...transfer.parts.without];
  const [reference = ''] = transfer.lines;
  if (!isKnown(reference))
    throw new UserError(`the workspace has no ${reference}, with which TASK.md compares (transfer.lines)`);
  const found = (names: readonly string[]) => {
    const here = names.filter(isKnown);
    return here.length === 0 ? [] : chosen(here, known).members;
  };
  const plain = (experiment: string, role: Recipe['role']): Recipe => ({
    ...{ name: experiment, experiment, role, tree },
    settings: { own: {}, other: {} },
  });
  const lines = found(transfer.lines).map((name) => plain(name, 'line'));
  const parts = found(transfer.parts.without)
    .filter((name) => !lines.some(({ experiment }) => experiment === name))
    .map((name) => plain(name, 'part'));
  const travels = Object.entries(best?.settings ?? {}).filter(([key]) => !sized.includes(key));
  const first: Recipe[] = best
    ? [
        {
          ...{ name: `best: ${best.experiment}`, experiment: best.experiment, tree: best.tree, role: 'line' },
          settings: { own: best.settings, other: Object.fromEntries(travels) },
        },
      ]
    : [];
  return { recipes: [...first, ...lines, ...parts], lacking: named.filter((name) => !isKnown(name)) };
}

/**
 * The runs, in an order in which what is there after a stop can be compared: of each seed all recipes at the
 * middle value and in their own world, then the other values.
 */
export function runsOf(from: {
  recipes: readonly Recipe[];
  /** The setting, and its values; null is that of the profile, the middle one. */
  along: { setting: string; values: readonly (number | null)[]; middle: number };
  seeds: readonly number[];
}): Wanted[] {
  const { recipes, along, seeds } = from;
  const run = (recipe: Recipe, where: Wanted['where'], value: number | null, seed: number): Wanted => {
    const set: Settings = value === null ? {} : { [along.setting]: String(value) };
    const settings = { ...recipe.settings[where], ...set };
    const label = [recipe.name, ...Object.entries(set).map(([key, v]) => `${key}=${v}`)].join(' ');
    const at = where === 'own' ? null : (value ?? along.middle);
    return { recipe, where, at, name: recipe.experiment, settings, seed, label };
  };
  const lines = recipes.filter(({ role }) => role === 'line');
  const others = along.values.filter((value) => value !== null);
  return [
    ...seeds.flatMap((seed) => [
      ...recipes.map((recipe) => run(recipe, 'other', null, seed)),
      ...recipes.map((recipe) => run(recipe, 'own', null, seed)),
    ]),
    ...seeds.flatMap((seed) =>
      others.flatMap((value) => lines.map((recipe) => run(recipe, 'other', value, seed))),
    ),
  ];
}

/** The values of the setting: multiples of the profile's own, which stands as null. */
export function valuesOf(middle: number, times: readonly number[]): (number | null)[] {
  const others = times.filter((factor) => factor !== 1);
  return [null, ...others.map((factor) => Number((middle * factor).toPrecision(12)))];
}
