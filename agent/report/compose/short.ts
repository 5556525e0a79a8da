import { worldWords } from '../../common/worlds.ts';
import { label, metricNumber, number, signed } from '../document/names.ts';
import { type Block, type Inline, strong, text } from '../document/tree.ts';
import { gainWords, spreadWords } from './confirmed.ts';
import { type Context, candidateOf } from './context.ts';
import { againstBest, brokenConstraints, failedGuards, gainsOf } from './gain.ts';
import { endingOf } from './outcome.ts';

/** The judge's number, how the sprint ended and why. No word of the researcher's stands in this box. */
export function inShort(context: Context): Block {
  const { words, tone } = endingOf(context);
  return { t: 'callout', label: 'In short', tone, c: [...lead(context, words), ...why(context)] };
}

function lead(context: Context, words: string): Inline[] {
  const { sprint } = context;
  const { confirmed, metric } = sprint;
  const value = sprint.verdict?.metrics[metric];
  if (value === undefined) return [strong('No number is verified'), text(`: ${words}.`)];
  const seed = candidateOf(context)?.seed;
  const on = seed === undefined ? '' : ` (seed ${seed})`;
  if (!confirmed || confirmed.candidate.n === 0)
    return [
      strong(`Verified ${label(metric)} ${number(value)}`),
      text(`${on}, ${againstBest(sprint, value)}: ${words}.`),
    ];
  const worlds = worldWords(sprint.verdict);
  return [
    strong(`${label(metric)} ${spreadWords(confirmed.candidate, metric)} on ${worlds.secrets}`),
    text(
      `, ${gainWords(confirmed, sprint)}: ${words}. On ${worlds.known} ${number(value)} (verified${seed === undefined ? '' : `, seed ${seed}`}), ${againstBest(sprint, value)}.`,
    ),
  ];
}

/** What decided where the metric alone did not, and what follows for the workspace. */
function why(context: Context): Inline[] {
  const { sprint } = context;
  if (!sprint.verdict) return [text(` ${howRunsEnded(sprint)} ${follows(context)}`)];
  const [, ...others] = gainsOf(context);
  const hidden = others.filter(({ gain, noise }) => gain <= noise);
  const gains = hidden.map(
    ({ name, value, before }) =>
      `${label(name)}, in which a gain has to show too, is ${metricNumber(name, value)} (${signed(value - before, name)}).`,
  );
  const guards = failedGuards(context).map(({ name, why }) => `The guard on ${label(name)} fails: ${why}.`);
  const rules = brokenConstraints(context).map(
    ({ name, why }) => `The constraint on ${label(name)} is broken: ${why}.`,
  );
  // TASK.md may have stricter rules by now than those that this sprint was decided by.
  const against = sprint.outcome === 'new-best' ? [] : [...gains, ...guards];
  const told = [...against, ...(sprint.outcome === 'invalid' ? rules : []), follows(context)];
  return [text(` ${told.join(' ')}`)];
}

/** By their states: "Its 3 runs: 1 finished, 2 diverged." */
function howRunsEnded({ runs }: Context['sprint']): string {
  const states = new Map<string, number>();
  for (const { status } of runs) states.set(status, (states.get(status) ?? 0) + 1);
  const [first] = states.keys();
  if (first === undefined) return 'No run was started.';
  if (runs.length === 1) return `Its run: ${first}.`;
  return `Its ${runs.length} runs: ${[...states].map(([status, n]) => `${n} ${status}`).join(', ')}.`;
}

function follows({ sprint: { outcome, change } }: Context): string {
  if (outcome === 'new-best') return 'The next sprint starts from this one.';
  if (outcome === 'stacked')
    return 'The best does not move; the change stays, and the next candidate is confirmed together with it.';
  if (change.files.length === 0) return 'The best does not move.';
  return `The best does not move, and the change is ${change.kept ? 'kept' : 'undone'}.`;
}
