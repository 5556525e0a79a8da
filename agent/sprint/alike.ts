import type { Sprint } from '#contract/sprint';
import type { StartSprintInput } from '../tools/schemas.ts';

const NEARLY_THE_SAME = 0.8;

/** Earlier sprints that a new one may repeat: of the same slug, or of nearly the same words in title and idea. */
export function alike(input: StartSprintInput, sprints: readonly Sprint[]): Sprint[] {
  const words = wordsOf(`${input.title} ${input.idea}`);
  return sprints.filter(
    ({ id, title, idea }) =>
      slugOf(id) === input.slug || overlap(words, wordsOf(`${title} ${idea}`)) > NEARLY_THE_SAME,
  );
}

const slugOf = (id: string) => id.replace(/^\d{4}-\d\d-\d\d--\d\d-\d\d-/, '').replace(/-\d+$/, '');
const wordsOf = (text: string) => new Set(text.toLowerCase().match(/[a-z0-9]+(?:\.\d+)?/g) ?? []);

/** Shared words over all words of two texts. */
function overlap(a: Set<string>, b: Set<string>): number {
  const shared = [...a].filter((word) => b.has(word)).length;
  return shared / Math.max(1, a.size + b.size - shared);
}
