import { pairsOf } from '#contract/settings';
import type { Sprint } from '#contract/sprint';
import { committed } from '../common/paths.ts';
import { cut, show } from '../common/words.ts';
import { sprintsOf } from '../ledger/combined.ts';

/**
 * The part of a prompt that asks for two gains to be combined by hand, since the loop could not merge them.
 * Titles and ideas are words of researchers, and stand as such. `board`: the sprints of the leaderboard.
 */
export function handedInWords(handed: string | null, board: readonly Sprint[]): string {
  const combines = board.find(({ id }) => id === handed)?.combines;
  const of = combines && sprintsOf(combines, board);
  if (!of) return '';
  const { metric } = of.base;
  const one = ({ number, title, verdict }: Sprint) =>
    `sprint ${number}, "${title}" (${metric} ${show(verdict?.metrics[metric])})`;
  const run = of.left.runs.find(({ id }) => id === of.left.candidate);
  const set = run ? pairsOf(run.settings).join(' ') : '';
  return `# Two gains to combine

The gain of ${one(of.left)} was made beside that of ${one(of.best)}; both began with ${one(of.base)}, and the best does not have the change of sprint ${of.left.number}. The loop could not put the two together: ${combines?.trouble}. Make that the idea of this sprint, unless you know why it cannot work: bring the change by hand into the workspace as it is now, train both together, and say whether the gains add up. If you choose another idea, say in "motivation" why: this is asked once.

- the change: ${committed.sprint(of.left.id)}/change.patch
- its run: ${run ? `${run.id}, experiment ${run.experiment}${set === '' ? '' : `, ${set}`}` : 'not known'}
- its idea, in the words of its researcher:
${quoted(of.left.idea)}`;
}

/** The most characters of an idea. */
const IDEA_CHARS = 1000;

const quoted = (text: string): string =>
  cut(text.trim(), IDEA_CHARS)
    .split('\n')
    .map((line) => `> ${line}`.trimEnd())
    .join('\n');
