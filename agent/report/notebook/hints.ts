import { fateInWords, type HintFate, statesInWords } from '../../ledger/hint-fates.ts';
import { escaped } from '../document/escaped.ts';
import { clip } from '../document/names.ts';

/** Hints that are shown, the newest of them; `npm run hint -- --list` has all. */
const MOST_HINTS = 30;

const TONES: Record<HintFate['state'], 'good' | 'warn' | 'neutral'> = {
  ...{ followed: 'good', declined: 'neutral', open: 'warn', replay: 'neutral', unread: 'neutral' },
};
const NAMES: Record<HintFate['state'], string> = {
  ...{ followed: 'followed', declined: 'declined', open: 'open', replay: 'not followed', unread: 'not read' },
};

/**
 * The hints of people and what became of each; null where nobody gave one. The words of the researcher are
 * marked as its own.
 */
export function hintsPart(fates: readonly HintFate[]): string | null {
  if (fates.length === 0) return null;
  const shown = fates.slice(-MOST_HINTS);
  const more = fates.length - shown.length;
  const items = shown.map((fate) => {
    const whys = fate.answers.map(
      ({ sprint, why }) =>
        `<p class="plan"><span class="whose">The researcher, in sprint ${sprint}:</span> ${escaped(clip(why, 300))}</p>`,
    );
    return `<li><span class="badge ${TONES[fate.state]}">${NAMES[fate.state]}</span>${escaped(clip(fate.text, 300))} <span class="quiet">${escaped(fateInWords(fate))}</span>${whys.join('')}</li>`;
  });
  const rest =
    more > 0 ? `<li class="more">${more} earlier ones: <code>npm run hint -- --list</code></li>` : '';
  return `<details><summary>${statesInWords(fates)}</summary><ul class="hints">${rest}${items.join('')}</ul></details>`;
}
