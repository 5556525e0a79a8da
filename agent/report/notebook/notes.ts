import type { Sprint } from '#contract/sprint';
import { aboutNote, type Entry } from '../../ledger/notes.ts';
import { escaped } from '../document/escaped.ts';

/** Notes that are shown at once; the others are folded away. */
const MOST_NOTES = 12;

/**
 * The shared notebook of the researchers, in a frame that says whose words they are; empty where there is no
 * note. `hrefOf`: where a sprint's report lies.
 */
export function notesPart(
  entries: readonly Entry[],
  sprints: readonly Sprint[],
  hrefOf: (sprint: Sprint) => string | null,
): string {
  if (entries.length === 0) return '';
  const items = entries.map((entry) => {
    const sprint = sprints.find(({ id }) => id === entry.note.sprint);
    const href = sprint ? hrefOf(sprint) : null;
    const id = escaped(entry.note.id);
    const name = href === null ? id : `<a href="${escaped(href)}">${id}</a>`;
    return `<li><strong>${name}</strong> <span class="quiet">${escaped(aboutNote(entry))}</span><br>${escaped(entry.note.text)}</li>`;
  });
  const list = (some: readonly string[]) => `<ul class="notes">${some.join('')}</ul>`;
  const rest = items.slice(MOST_NOTES);
  const more =
    rest.length > 0 ? `<details><summary>${rest.length} more</summary>${list(rest)}</details>` : '';
  return `<h2>Shared notebook</h2><section class="theirs"><p class="whose">In the words of the researchers, newest and most cited first; nobody measured them</p>${list(items.slice(0, MOST_NOTES))}${more}</section>`;
}
