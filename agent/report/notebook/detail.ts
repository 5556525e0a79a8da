import { type Condition, violation } from '#contract/condition';
import type { Sprint, SprintRun } from '#contract/sprint';
import { settingsOf } from '../compose/stated.ts';
import { type Places, patchOf, runLinks } from './files.ts';
import type { Guard, SprintDetail } from './model.ts';
import { packed, thinned } from './pack.ts';
import type { Beside } from './rows.ts';
import { formulasIn, wordsOf } from './words.ts';

/** The rules of a sprint's leaderboard, and the sprints on it before this one. */
export interface Rules {
  guards: Record<string, Condition>;
  earlier: readonly Sprint[];
}

/** All that the page can show of a sprint. */
export async function detailOf(
  sprint: Sprint,
  rules: Rules,
  places: Places,
  { commit, links }: Beside,
): Promise<SprintDetail> {
  return {
    sprint: { ...sprint, runs: sprint.runs.map(thinnedRun) },
    words: await wordsOf(sprint, places),
    guards: guardsOf(sprint, rules),
    patch: patchOf(places, sprint.id),
    ...{ commit, links },
    settings: Object.fromEntries(sprint.runs.map((run) => [run.id, settingsOf(run, places.runsDir)])),
    files: Object.fromEntries(sprint.runs.map(({ id }) => [id, runLinks(places, id)])),
  };
}

/** Digits of what a trainer logged: a curve shows no more, and the record has all. */
const DIGITS = 6;

const thinnedRun = (run: SprintRun): SprintRun => ({
  ...run,
  curve: thinned(run.curve).map(({ samples, values }) => ({
    samples,
    values: Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, Number(value.toPrecision(DIGITS))]),
    ),
  })),
  evals: thinned(run.evals),
});

function guardsOf({ verdict, bestBefore }: Sprint, { guards, earlier }: Rules): Guard[] {
  if (!verdict) return [];
  return Object.entries(guards).map(([name, condition]) => {
    const value = verdict.metrics[name];
    const bests = earlier
      .filter(({ outcome }) => outcome === 'new-best')
      .flatMap((each) => each.verdict?.metrics[name] ?? []);
    const last = bestBefore?.metrics[name];
    return {
      name,
      condition,
      value: value ?? null,
      broken: violation(condition, value, [...bests, ...(last === undefined ? [] : [last])]),
    };
  });
}

/** What was packed, by record: a closed sprint does not change, and a page is drawn every ten seconds. */
const packs = new WeakMap<Sprint, { beside: string; pack: string; special: string }>();

/** A sprint's details as the page holds them, and the letters in them that are not ASCII or in formulas. */
export async function packedDetail(
  sprint: Sprint,
  rules: Rules,
  places: Places,
  beside: Beside,
): Promise<{ pack: string; special: string }> {
  const known = packs.get(sprint);
  const now = JSON.stringify(beside);
  if (known?.beside === now) return known;
  const detail = await detailOf(sprint, rules, places, beside);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range of ASCII
  const letters = [...new Set(JSON.stringify(detail).match(/[^\x00-\x7f]/gu))].join('');
  const special = `${letters}${formulasIn(detail.words)}`;
  const made = { beside: now, pack: packed(detail), special };
  packs.set(sprint, made);
  return made;
}
