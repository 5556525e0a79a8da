import type { Sprint } from '#contract/sprint';
import { plain } from '#contract/text';
import { count, cut } from '../common/words.ts';
import type { Journal } from '../journal/journal.ts';
import { openSprints } from '../journal/state.ts';
import { fateInWords, type HintFate, hintFates, statesInWords } from '../ledger/hint-fates.ts';
import { readHints } from '../ledger/hint-file.ts';
import { OFFLINE } from '../researcher/connection.ts';

/** What a hint is answered with where the offline replay reads it. */
export const NO_HINTS = 'the offline replay walks a fixed path and cannot follow it';

/** What became of each hint: of those that closed sprints and the open ones have read, and of HINTS.md. */
export function hintsNow(
  repo: string,
  sprints: readonly Sprint[],
  state: Pick<ReturnType<Journal['state']>, 'sprints' | 'started'>,
): HintFate[] {
  const kind = state.started?.researcher === OFFLINE ? ('offline' as const) : ('claude' as const);
  const open = openSprints(state).map(({ number, hints, claim }) => ({
    ...{ number, hints, outcome: null, researcher: { kind } },
    id: claim?.id ?? '',
    title: claim?.title ?? '',
    hintAnswers: claim?.hintAnswers,
  }));
  const closed = sprints.filter(({ id }) => !open.some((sprint) => sprint.id === id));
  return hintFates([...closed, ...open], readHints(repo));
}

/** One line on all hints; nothing where nobody gave one. */
export const hintsLine = (fates: readonly HintFate[]): string[] =>
  fates.length === 0 ? [] : [`${statesInWords(fates)}: npm run hint -- --list`];

/** Each hint with what became of it. The words of the researcher stand in quotes. */
export function hintList(fates: readonly HintFate[]): string[] {
  if (fates.length === 0) return ['No hint was given. Give one with: npm run hint -- "..."'];
  return [
    `${count(fates.length, 'hint')}: ${statesInWords(fates)}`,
    ...fates.flatMap((fate) => [
      '',
      `${fate.id}  ${cut(plain(fate.text), MOST_CHARS)}`,
      `        ${fateInWords(fate)}`,
      ...fate.answers.map(
        ({ sprint, title, why }) =>
          `        sprint ${sprint}, ${plain(title)}; the researcher: "${plain(why)}"`,
      ),
    ]),
  ];
}

const MOST_CHARS = 300;
