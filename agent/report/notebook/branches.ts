import type { BeganFrom } from '#contract/began-from';
import type { Sprint } from '#contract/sprint';
import { beganInWords } from '../../ledger/began-from.ts';
import { escaped } from '../document/escaped.ts';
import { clip } from '../document/names.ts';

/** Branches of which the first screen says why they stopped and what is next; the list has all. */
const MOST_BRANCHES = 6;

/** The sprints of one run branch on a leaderboard. */
export interface Night {
  branch: string;
  sprints: Sprint[];
}

/**
 * The run branches of a leaderboard, the newest first. Empty where all of its sprints are of one: then
 * nothing has to be told apart.
 */
export function nightsOf(board: readonly Sprint[], branchOf: (sprint: Sprint) => string | null): Night[] {
  const nights = new Map<string, Sprint[]>();
  for (const sprint of board) {
    const branch = branchOf(sprint);
    if (branch !== null) nights.set(branch, [...(nights.get(branch) ?? []), sprint]);
  }
  if (nights.size < 2) return [];
  return [...nights].map(([branch, sprints]) => ({ branch, sprints })).reverse();
}

/** A paragraph for each of the newest branches, by what `told` says of it; null where it says nothing. */
export function ofEachNight(nights: readonly Night[], told: (night: Night) => string | null): string | null {
  const all = nights.flatMap((night) => {
    const html = told(night);
    return html === null ? [] : [`<p><code>${escaped(night.branch)}</code> ${html}</p>`];
  });
  const more = all.length - MOST_BRANCHES;
  const rest = more > 0 ? `<p class="quiet">${more} earlier branches: the list has their sprints.</p>` : '';
  return all.length === 0 ? null : all.slice(0, MOST_BRANCHES).join('') + rest;
}

/**
 * What the run branches of a leaderboard began with, and that its numbers are of another ledger; null where
 * they began with the user's workspace.
 */
export function beganPart(
  began: readonly BeganFrom[],
  { leaderboard, metric }: Sprint,
  several: boolean,
): string | null {
  const shown = began.slice(-MOST_BRANCHES).map((one) => {
    const rules =
      one.sprint === null || one.sprint.leaderboard === leaderboard
        ? ''
        : ' and under other rules, so they do not compare';
    const title = one.sprint ? ` “${escaped(clip(one.sprint.title, 80))}”` : '';
    return `${several ? `<code>${escaped(one.branch)}</code>: ` : ''}${escaped(beganInWords(one, metric))}${title}. <span class="quiet">These numbers are of another ledger${rules}; here the first verified result is the first best.</span>`;
  });
  return shown.length === 0 ? null : shown.map((html) => `<p>${html}</p>`).join('');
}
