import type { EndedFields } from '#contract/answer';
import { MOST_CHARS } from '#contract/note';
import { choose, type LedgerRow, METRIC, type Next, type Standing } from './choose.ts';
import type { Step } from './path.ts';

/**
 * All texts of the replay. Every measured number in them is copied from a tool result; a prediction follows
 * the rule that is stated beside it.
 */
const NAME = 'Offline replay, no model';

export const opening = `${NAME}: this script follows the published path step by step and chooses the next step by the verdicts. First it reads the ledger.`;

export const closing = `${NAME}: this sprint is finished.`;

export const stopped = (what: string, why: string) =>
  `${NAME}: ${what}, so the script stops here. ${firstLine(why)}`;

export function walked({ kept, rejected, skipped, best, recipe, metric }: Standing): string {
  const parts = [
    `${NAME}: the published path is complete, and no step is left to be tried.`,
    kept.length > 0 ? `Kept: ${titles(kept)}.` : 'No step gave a gain.',
    rejected.length > 0 ? `Without gain: ${titles(rejected.map(({ step }) => step))}.` : '',
    skipped.length > 0 ? `Not tried, because they build on one of these: ${titles(skipped)}.` : '',
    best ? `The present best is ${bestInWords(best, metric)}.` : '',
    wholeRecipe({ recipe, best, metric }),
    'Further gains need a researcher with new ideas.',
  ];
  return parts.filter((part) => part !== '').join(' ');
}

/** Whether the best is the published recipe, and in one sentence why not. */
function wholeRecipe({ recipe, best, metric }: Pick<Standing, 'recipe' | 'best' | 'metric'>): string {
  if (!recipe || !best) return '';
  if (recipe.inBest) return 'It has the full published recipe in it.';
  const { number, outcome, metrics } = recipe.row;
  const value = metrics[metric];
  return value === undefined
    ? `It is not the full published recipe, which came to no verdict (sprint ${number}, ${outcome}).`
    : `It is not the full published recipe, which has ${label(metric)} ${value} (verified, sprint ${number}, ${outcome}): what is new in that does not show beyond the noise here.`;
}

/** The text that names the next step, said with the call of start_sprint. */
export function choice(standing: Standing, next: Next): string {
  const { step, again } = next;
  const lead = !again
    ? `The next step is ${step.title}.`
    : again.cutOff
      ? `${step.title} again: its sprint was cut off before a verdict.`
      : `${step.title} again: it brought no gain, but its base has changed since then.`;
  return [lead, ...ground(standing, next)].join(' ');
}

/** The steps that the candidate builds on, and those that the verdicts left out. */
function ground({ kept, rejected, skipped }: Standing, { step }: Next): string[] {
  const left = rejected
    .filter((trial) => trial.step !== step)
    .map((trial) => `${trial.step.title} (sprint ${trial.row.number}, ${trial.row.outcome})`);
  return [
    kept.length > 0 ? `On top of what gave a gain: ${titles(kept)}.` : '',
    left.length > 0 ? `Left out, without a verified gain: ${left.join(', ')}.` : '',
    skipped.length > 0 ? `Not tried, as they build on one of these: ${titles(skipped)}.` : '',
  ].filter((part) => part !== '');
}

/** The input of start_sprint. */
export function claim(standing: Standing, next: Next): Record<string, unknown> {
  const { step, again } = next;
  const { metric } = standing;
  const best = standing.best?.metrics[metric];
  const before =
    again === null
      ? ''
      : again.cutOff
        ? ` Sprint ${again.row.number} began this and was cut off before a verdict.`
        : ` Sprint ${again.row.number} tried this without gain (${again.row.outcome}); since then other steps were kept, and this sprint tests whether it helps on top of them.`;
  const prediction =
    standing.best && best !== undefined
      ? `Rule for the prediction: at least the present best, ${bestInWords(standing.best, metric)}. It is copied, not measured or estimated.`
      : 'No number is predicted: there is no verified result to derive one from.';
  return {
    slug: `${step.slug}${again ? '-again' : ''}`,
    title: `${step.title}${again ? ', again' : ''}`,
    idea: `${[step.idea + before, ...ground(standing, next)].join(' ')}\n\n${NAME}: this step is from the published path.`,
    motivation: step.motivation,
    expectation: `${step.expectation}\n\n${prediction}`,
    predicted: best === undefined ? {} : { [metric]: best },
  };
}

export const restored = (file: string, commit: string) =>
  `\`${file}\` was not in the workspace. It is restored from the published implementation that ships with this repository (commit ${commit.slice(0, 12)}), not written here.`;

/** The note in the sprint's log before the run: the change to the candidate. */
export function changeNote(restorations: readonly string[], body: string): string {
  return [
    `*${NAME}: a script wrote this log; its numbers are from tool results.*`,
    '### Change',
    ...restorations,
    `The experiment \`candidate\` is now:\n\n\`\`\`ts\n${outdent(body)}\n\`\`\``,
  ].join('\n\n');
}

/**
 * The note in the sprint's log after the run: its numbers, and how they compare with the best. The report has
 * the curves.
 */
export function runNote(standing: Standing, text: string, result: EndedFields | null): string {
  return [
    '### Run',
    result ? numbersOf(result) : firstLine(text),
    '### Reading',
    reading(standing, result),
  ].join('\n\n');
}

/** The input of note after the run: what it showed, for the sprints after this one. */
export function sharedNote(
  standing: Standing,
  { step }: Next,
  result: EndedFields | null,
): Record<string, unknown> {
  return {
    kind: result?.status === 'finished' ? 'finding' : 'dead-end',
    text: `${step.title}: ${reading(standing, result)} (${NAME}.)`.slice(0, MOST_CHARS),
    cites: standing.best ? [String(standing.best.number)] : [],
  };
}

function numbersOf({ run, status, reason, claimed, measured }: EndedFields): string {
  const named = (numbers: Record<string, number>) =>
    Object.entries(numbers)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ') || 'nothing';
  return [
    `Run \`${run}\` ended as ${status}${reason === null ? '' : `: ${reason}`}.`,
    `Claimed by the trainer: ${named(claimed)}. Measured in the last snapshot: ${named(measured)}.`,
  ].join(' ');
}

export const stuckNote = (why: string) => `### Stopped\n\n${firstLine(why)} Nothing was measured.`;

/** The input of finish_sprint after a run. */
export function finish(
  standing: Standing,
  next: Next,
  result: EndedFields | null,
  ledger: readonly LedgerRow[],
): Record<string, unknown> {
  const finished = result?.status === 'finished';
  return {
    summary: `${reading(standing, result)} Tried: ${next.step.title}${standing.kept.length > 0 ? `, on top of ${titles(standing.kept)}` : ''}. (${NAME}.)`,
    candidate: finished ? result.run : null,
    next: after(next.step, ledger),
  };
}

/** The input of finish_sprint where the sprint stopped without a result. */
export function giveUp(next: Next, why: string, ledger: readonly LedgerRow[]): Record<string, unknown> {
  return {
    summary: `Nothing was measured. ${firstLine(why)} Tried: ${next.step.title}. (${NAME}.)`,
    candidate: null,
    next: after(next.step, ledger),
  };
}

function reading({ best, metric }: Standing, result: EndedFields | null): string {
  if (!result) return 'The run left no result.';
  if (result.status !== 'finished') {
    const why = result.reason ? ` (${result.reason})` : '';
    return `The run ended as ${result.status}${why}: there is no candidate, and the step counts as one without gain.`;
  }
  const value = result.measured[metric];
  if (value === undefined) return 'The run finished; no snapshot of it was measured. The verdict decides.';
  const bar = best?.metrics[metric];
  if (!best || bar === undefined) {
    return `${label(metric)} ${value} in the last snapshot; there is no verified result yet to compare it with. A snapshot has fewer samples than a verdict; the verdict decides.`;
  }
  const place = value > bar ? 'above' : value < bar ? 'below' : 'the same as';
  return `${label(metric)} ${value} in the last snapshot, ${place} the present best, ${bestInWords(best, metric)}. A snapshot has fewer samples than a verdict; the verdict decides.`;
}

/** The step that follows if this one gives a gain, and the one that follows if it does not. */
function after(step: Step, ledger: readonly LedgerRow[]): string {
  const then = (outcome: string) => {
    const row = { number: ledger.length + 1, id: `2000-01-01--00-00-${step.slug}`, outcome, metrics: {} };
    const following = choose([...ledger, row]).next;
    if (!following) return 'nothing: the published path is complete';
    return `${following.step.title}${following.again ? ', once more' : ''}`;
  };
  const [gain, none] = [then('new-best'), then('no-gain')];
  return gain === none
    ? `On the published path: ${gain}.`
    : `On the published path: with a gain, ${gain}; without, ${none}.`;
}

const label = (metric: string) => (metric === METRIC ? metric.toUpperCase() : metric);

const bestInWords = (best: LedgerRow, metric: string) =>
  `${label(metric)} ${best.metrics[metric] ?? 'unknown'} (verified, sprint ${best.number})`;

const titles = (steps: readonly Step[]) => steps.map((step) => step.title).join(', ');

export const firstLine = (text: string) => text.trim().split('\n')[0] ?? '';

const outdent = (text: string) => text.replaceAll(/^ {4}/gm, '');
