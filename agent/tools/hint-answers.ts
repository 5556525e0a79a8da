import type { HintAnswer } from '#contract/sprint';
import { cut } from '../common/words.ts';
import { answersTo, hintsIn } from '../ledger/hints.ts';
import type { OpenSprint } from '../open-sprint/open-sprint.ts';
import { ToolMistake } from '../requests/paths.ts';
import type { StartSprintInput } from '../requests/schemas.ts';

/**
 * The researcher's answers to hints that its sprint has read, with the words of the hints. @throws
 * ToolMistake for any other hint.
 */
export function answered(
  { loop }: Pick<OpenSprint, 'loop'>,
  said: StartSprintInput['hints'] = [],
): HintAnswer[] {
  const known = (loop.journal.sprint?.hints ?? []).flatMap(hintsIn);
  const strange = said.find(({ hint }) => known.every(({ id }) => id !== hint));
  if (strange)
    throw new ToolMistake(
      `there is no hint "${cut(strange.hint, 40)}"; ${
        known.length === 0
          ? 'nobody gave one: leave the field "hints" out'
          : `give the id that stands in brackets before a hint: ${known.map(({ id }) => id).join(', ')}`
      }`,
    );
  return answersTo(known, said);
}
