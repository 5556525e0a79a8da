import type { Sprint } from '#contract/sprint';
import { clip } from '../document/names.ts';
import { type Block, type Inline, para, strong, text, theirs } from '../document/tree.ts';

type Hinted = Pick<Sprint, 'id' | 'hints' | 'hintAnswers'>;

/** Letters of the hints that a report shows. */
const MOST = 500;

/** What people told the researcher, and which hints it followed: facts, without its own words. */
export function hintRows({ id, hints, hintAnswers = [] }: Hinted): { label: string; c: Inline[] }[] {
  const rows: { label: string; c: Inline[] }[] = [];
  const all = (hints ?? []).join(' · ');
  const rest = all.length > MOST ? ` sprints/${id}/sprint.json has all.` : '';
  if (hints) rows.push({ label: 'Hints by people', c: [text(clip(all, MOST) + rest)] });
  for (const [answer, label] of [
    ['follow', 'Hints followed'],
    ['decline', 'Hints declined'],
  ] as const) {
    const of = hintAnswers.filter((each) => each.answer === answer).map((each) => clip(each.text, 200));
    if (of.length > 0) rows.push({ label, c: [text(of.join(' · '))] });
  }
  return rows;
}

/** Why it followed or declined them, in its words; null where it said nothing. */
export const hintReasons = ({ hintAnswers = [] }: Hinted): Block | null =>
  hintAnswers.length === 0
    ? null
    : theirs(
        hintAnswers.map(({ text: hint, why }) =>
          para(strong(`On the hint “${clip(hint, 100)}”: `), text(why)),
        ),
      );
