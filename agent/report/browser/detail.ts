import { worldWords } from '../../common/worlds.ts';
import { escaped } from '../document/escaped.ts';
import { clip, dateTime, duration, label, money, number, samples } from '../document/names.ts';
import type { Guard, Link, SprintDetail } from '../notebook/model.ts';

/** All about one sprint: why its outcome, when, where in git, its guards, its files and those of its runs. */
export function detailHtml(detail: SprintDetail): string {
  const { sprint, guards, links, files } = detail;
  const { cost, change } = sprint;
  const rows: [string, string | null][] = [
    ['Why', escaped(sprint.reason)],
    ['Confirmed', confirmedHtml(sprint)],
    ['Ended', escaped(sprint.stopReason)],
    ['Guards', guards.length > 0 ? guards.map(guardHtml).join('<br>') : null],
    ['When', `${escaped(dateTime(sprint.openedAt))} to ${escaped(dateTime(sprint.closedAt))}`],
    ['In git', gitHtml(detail)],
    [
      'Change',
      change.files.length === 0
        ? 'none'
        : `${change.files.map((file) => `<code>${escaped(file)}</code>`).join(' ')} +${change.insertions} −${change.deletions}, ${change.kept ? 'kept' : 'undone; the patch has it'}`,
    ],
    [
      'Spent',
      `${money(cost.usd)} in ${cost.turns} turns (${samples(cost.inputTokens)} tokens in, ${samples(cost.outputTokens)} out); ${duration(cost.trainSeconds)} of training, ${duration(cost.wallSeconds)} in all`,
    ],
    ['Researcher', `${escaped(sprint.researcher.label)}; sandbox ${escaped(sprint.sandbox)}`],
    ['Hints', hintsHtml(sprint)],
    ['Predicted', numbersHtml(sprint.predicted)],
    ['Noise', `${number(sprint.noise)}${sprint.noiseFrom ? ` (${escaped(sprint.noiseFrom)})` : ''}`],
    ['Files', linksHtml(links)],
    [
      'Runs',
      sprint.runs
        .map(
          ({ id, status, reason }) =>
            `<div><code>${escaped(id)}</code> ${escaped(status)}${reason ? `: ${escaped(reason)}` : ''} ${linksHtml(files[id] ?? []) ?? ''}</div>`,
        )
        .join('') || null,
    ],
  ];
  const facts = rows.flatMap(([name, html]) => (html === null ? [] : `<dt>${name}</dt><dd>${html}</dd>`));
  return `<dl class="facts">${facts.join('')}</dl>${detail.words}`;
}

/** What secret worlds gave: mean, spread and number of worlds, of the candidate and of the best. */
function confirmedHtml({ confirmed, metric, verdict }: SprintDetail['sprint']): string | null {
  if (!confirmed) return null;
  const several = ({ mean, deviation, n }: NonNullable<typeof confirmed>['candidate']) =>
    `${number(mean[metric])}${deviation[metric] === undefined ? '' : ` ± ${number(deviation[metric])}`} on ${n} ${worldWords(verdict).secrets}`;
  const best = confirmed.best ? `, the best ${several(confirmed.best)}` : '';
  const gave = confirmed.candidate.n > 0 ? ` The candidate gave ${several(confirmed.candidate)}${best}.` : '';
  return `${escaped(confirmed.result)}: ${escaped(confirmed.reason)}.${gave}`;
}

/** Which hints it followed and declined. */
function hintsHtml({ hints = [], hintAnswers = [] }: SprintDetail['sprint']): string | null {
  const words = { follow: 'follows', decline: 'declines' };
  const answers = hintAnswers.map(({ answer, text }) => `${words[answer]} “${escaped(clip(text, 200))}”`);
  return hints.length === 0 ? null : answers.join('<br>') || 'read, and none answered';
}

const guardHtml = ({ name, condition, value, broken }: Guard): string =>
  `<span class="badge ${broken === null ? 'good' : 'bad'}">${broken === null ? 'holds' : 'broken'}</span>${escaped(label(name))} ${value === null ? '–' : number(value)} <span class="quiet">asked: ${escaped(condition)}</span>`;

/** The commit, and the commands that show it and what the sprint changed. */
function gitHtml({ commit, sprint }: SprintDetail): string | null {
  const { treeBefore, treeAfter, files } = sprint.change;
  const trees =
    files.length > 0 && treeBefore !== treeAfter
      ? `<code>git diff ${escaped(treeBefore.slice(0, 12))} ${escaped(treeAfter.slice(0, 12))}</code>`
      : '';
  if (commit === null) return trees || null;
  const branch = commit.branch === null ? '' : ` on <code>${escaped(commit.branch)}</code>`;
  return `<code>git show ${escaped(commit.hash.slice(0, 12))}</code>${branch} ${trees}`;
}

const numbersHtml = (numbers: Record<string, number>): string | null =>
  Object.entries(numbers)
    .map(([name, value]) => `${escaped(label(name))} ${number(value)}`)
    .join(', ') || null;

const linksHtml = (links: readonly Link[]): string | null =>
  links.map(({ label: name, href }) => `<a href="${escaped(href)}">${escaped(name)}</a>`).join(' ') || null;
