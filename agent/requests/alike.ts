import type { Sprint } from '#contract/sprint';
import type { StartSprintInput } from './schemas.ts';

/**
 * Texts with more overlap count as alike. All paraphrases of alike.test.ts lie above it, and none of its
 * other pairs.
 */
const NEARLY_THE_SAME = 0.7;

/** Texts with fewer words are not compared. */
const ENOUGH_WORDS = 3;

/**
 * Returns the sprints, earlier ones or open ones of others, that a new one may repeat: those with the same
 * slug, or with nearly the same words in title and idea.
 */
export function alike<T extends Pick<Sprint, 'id' | 'title' | 'idea'>>(
  input: StartSprintInput,
  sprints: readonly T[],
): T[] {
  const words = wordsOf(`${input.title} ${input.idea}`);
  return sprints.filter(
    ({ id, title, idea }) =>
      slugOf(id) === input.slug || overlap(words, wordsOf(`${title} ${idea}`)) > NEARLY_THE_SAME,
  );
}

const slugOf = (id: string) => id.replace(/^\d{4}-\d\d-\d\d--\d\d-\d\d-/, '').replace(/-\d+$/, '');

const EMPTY = new Set(
  'a an the and or of to by in on at with for from that this it its is are be so as how their they than then over into instead one very will after before more use used using add'.split(
    ' ',
  ),
);

/** The content words of a text, without their endings: "sorted" and "sorting" become one word. */
function wordsOf(text: string): Set<string> {
  const words = text.toLowerCase().match(/[a-z0-9]+(?:\.\d+)?/g) ?? [];
  return new Set(words.filter((word) => !EMPTY.has(word)).map(stem));
}

const stem = (word: string) =>
  /\d/.test(word)
    ? word
    : word
        .replace(/ies$/, 'y')
        .replace(/(ing|ed|ly|es|s|er|ion)$/, '')
        .replace(/(.)\1$/, '$1');

/**
 * Number of shared words divided by that of the shorter text, because one text may say more about the same
 * idea.
 */
function overlap(a: Set<string>, b: Set<string>): number {
  const shorter = Math.min(a.size, b.size);
  return shorter < ENOUGH_WORDS ? 0 : [...a].filter((word) => b.has(word)).length / shorter;
}
