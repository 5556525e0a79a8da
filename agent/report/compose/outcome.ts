import { violation } from '#contract/condition';
import type { Outcome } from '#contract/verdict';
import { worldWords } from '../../common/worlds.ts';
import { label } from '../document/names.ts';
import type { Tone } from '../document/tree.ts';
import type { Context } from './context.ts';
import { brokenConstraints, failedGuards, gainsOf } from './gain.ts';

/** How a sprint ended, in few words and a colour. */
interface Ending {
  words: string;
  tone: Tone;
}

/** What each outcome is called where nothing more is known of it. */
export const outcomes: Record<Outcome, Ending> = {
  'new-best': { words: 'new best', tone: 'good' },
  held: { words: 'held: not believed yet', tone: 'warn' },
  stacked: { words: 'stacked: too small to be confirmed alone', tone: 'warn' },
  'no-gain': { words: 'no gain', tone: 'neutral' },
  degenerate: { words: 'degenerate: a guard failed', tone: 'bad' },
  invalid: { words: 'invalid: a constraint failed', tone: 'bad' },
  failed: { words: 'failed', tone: 'bad' },
  interrupted: { words: 'interrupted', tone: 'warn' },
};

/** How this sprint ended: sprints of one outcome that ended for other reasons differ in words and colour. */
export function endingOf(context: Context): Ending {
  const { sprint } = context;
  const known = outcomes[sprint.outcome];
  switch (sprint.outcome) {
    case 'new-best': {
      const first = sprint.bestBefore === null ? 'first best' : 'new best';
      return { words: `${first}, ${sprint.confirmed ? 'confirmed' : 'verified'}`, tone: 'good' };
    }
    case 'no-gain':
      return noGain(context);
    case 'held':
      if (sprint.checked) return { words: 'held: did not hold when it was measured again', tone: 'warn' };
      if (sprint.confirmed?.result === 'held')
        return { words: 'held: the best trains worse than it did', tone: 'warn' };
      return {
        words: isTooGood(context) ? 'held: too good to be true' : 'held: could not be confirmed',
        tone: 'warn',
      };
    case 'degenerate':
      return named(known, sprint.bestBefore ? 'better, but stopped by' : 'stopped by', failedGuards(context));
    case 'invalid':
      if (sprint.confirmed?.result === 'failed')
        return { words: `invalid: no result on a ${worldWords(sprint.verdict).secret}`, tone: 'bad' };
      return named(known, 'invalid:', brokenConstraints(context));
    default:
      return known;
  }
}

/** What was in the way, by name: "better, but stopped by the guard on Uniqueness". */
function named(known: Ending, before: string, broken: readonly { name: string }[]): Ending {
  const names = broken.map(({ name }) => label(name)).join(' and ');
  const what = before.endsWith(':') ? names : `the guard on ${names}`;
  return broken.length === 0 ? known : { ...known, words: `${before} ${what}` };
}

function noGain(context: Context): Ending {
  const { sprint } = context;
  const { confirmed } = sprint;
  if (!sprint.verdict) return { words: 'no gain: no run was put forward', tone: 'neutral' };
  const [first, ...others] = gainsOf(context);
  if (confirmed && confirmed.candidate.n > 0)
    return {
      words: `no gain on ${worldWords(sprint.verdict).secrets}`,
      tone: first && first.gain < -first.noise ? 'bad' : 'warn',
    };
  if (!first) return outcomes['no-gain'];
  if (first.gain < -first.noise) return { words: 'worse than the best', tone: 'bad' };
  if (first.gain <= first.noise) return { words: 'within the noise of the best', tone: 'neutral' };
  const missing = others.filter(({ gain, noise }) => gain <= noise).map(({ name }) => label(name));
  if (missing.length === 0) return outcomes['no-gain'];
  return { words: `better in ${label(first.name)}, but not in ${missing.join(' and ')}`, tone: 'warn' };
}

/** Whether the verdict meets a condition of the task's for what is not believed, or passes the ceiling. */
function isTooGood({ sprint, task, profile }: Context): boolean {
  const { verdict, metric, goal, noise } = sprint;
  const value = verdict?.metrics[metric];
  if (!verdict || value === undefined) return false;
  const met = Object.entries(task.contract.tooGood).some(([name, condition]) => {
    const number = verdict.metrics[name];
    return number !== undefined && violation(condition, number, []) === null;
  });
  const ceiling = profile?.ceiling;
  const beyond = ceiling ? (value - ceiling.value) * (goal === 'max' ? 1 : -1) : 0;
  return met || (ceiling?.passed !== true && beyond > noise);
}
