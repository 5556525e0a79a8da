import type { Sprint } from '#contract/sprint';
import { cut, plain } from '../../common/words.ts';
import { type Block, em, heading, para, strong, text, theirs } from '../document/tree.ts';

/** At most so many texts are shown, of so many characters each; `sprint.json` has the rest. */
const SHOWN = { texts: 40, chars: 400 };

/**
 * What the researcher wrote between its calls, with the time of day: its text, or its thinking as the API
 * summarises it. It is taken as plain text. Empty where it wrote nothing.
 */
export function saidBlocks({ said = [], id }: Pick<Sprint, 'said' | 'id'>): Block[] {
  if (said.length === 0) return [];
  const lines = said.slice(0, SHOWN.texts).map(({ at, text: words }) => {
    return para(strong(`${at.slice(11, 16)} `), text(cut(plain(words), SHOWN.chars)));
  });
  const more = said.length - lines.length;
  const rest = more > 0 ? [para(em(`${more} more are in sprints/${id}/sprint.json.`))] : [];
  return [heading(1, 'Between the calls'), theirs(lines), ...rest];
}
