import type { Sprint } from '#contract/sprint';
import { cut, plain } from '../../common/words.ts';
import { type Block, em, heading, para, strong, text } from '../document/tree.ts';

/** So many texts are shown, of so many characters; the rest stands in `sprint.json`. */
const SHOWN = { texts: 40, chars: 400 };

/**
 * What the researcher said between its calls, as a log by the clock: its words, or its thinking as the API
 * summarises it. Taken as plain text. Nothing where it said nothing.
 */
export function saidBlocks({ said = [], id }: Pick<Sprint, 'said' | 'id'>): Block[] {
  if (said.length === 0) return [];
  const lines = said.slice(0, SHOWN.texts).map(({ at, text: words }) => {
    return para(strong(`${at.slice(11, 16)} `), text(cut(plain(words), SHOWN.chars)));
  });
  const more = said.length - lines.length;
  const rest = more > 0 ? [para(em(`${more} more stand in sprints/${id}/sprint.json.`))] : [];
  return [heading(1, 'Between the calls'), { t: 'untrusted', c: lines }, ...rest];
}
