import type { Sprint } from '#contract/sprint';
import { label, metricNumber, money, number, signed } from '../document/names.ts';
import type { Block, Card } from '../document/tree.ts';
import { confirmedCard } from './confirmed.ts';
import { type Context, columnsOf, guardsIn } from './context.ts';
import { againstBest, failedGuards, guardWords } from './gain.ts';

/**
 * The key numbers: the verified metric, the guarded metrics, the distance to the ceiling. Without a verdict,
 * the numbers that exist.
 */
export function cards(context: Context): Block {
  const { sprint, profile } = context;
  const before = sprint.bestBefore?.metrics ?? {};
  const verdict = sprint.verdict;
  const metric = label(sprint.metric);
  const best = before[sprint.metric];
  if (!verdict) {
    const finished = sprint.runs.filter((run) => run.status === 'finished').length;
    const all: Card[] = [
      { label: `Verified ${metric}`, value: '–', note: 'no candidate was judged', main: true },
      {
        label: `Best ${metric} so far`,
        value: number(best),
        note: best === undefined ? 'none yet' : 'unchanged',
        main: false,
      },
      { label: 'Runs finished', value: `${finished} of ${sprint.runs.length}`, note: '', main: false },
      { label: 'Spent', value: money(sprint.cost.usd), note: `${sprint.cost.turns} turns`, main: false },
    ];
    return { t: 'cards', cards: all };
  }
  const value = verdict.metrics[sprint.metric] ?? Number.NaN;
  const confirmed = confirmedCard(sprint);
  const out: Card[] = [
    ...(confirmed ? [confirmed] : []),
    {
      label: `${verdict.kind === 'confirmed' ? 'Confirmed' : 'Verified'} ${metric}`,
      value: number(value),
      note: againstBest(sprint, value),
      main: confirmed === null,
    },
  ];
  const most = 3 - Number(Boolean(profile?.ceiling)) - Number(confirmed !== null);
  out.push(...besideCards(context, verdict.metrics).slice(0, Math.max(1, most)));
  if (profile?.ceiling) {
    const gap = (profile.ceiling.value - value) * (sprint.goal === 'max' ? 1 : -1);
    const was = best === undefined ? null : (profile.ceiling.value - best) * (sprint.goal === 'max' ? 1 : -1);
    out.push({
      label: `Gap to ${edge(sprint)} ${profile.ceiling.value}`,
      value: number(gap),
      note: was === null ? profile.ceiling.label : `was ${number(was)}`,
      main: false,
    });
  }
  return { t: 'cards', cards: out };
}

/**
 * The numbers beside the metric, those that a reader looks for first: a guard that failed, what has to gain
 * too, the other guards.
 */
function besideCards(context: Context, metrics: Record<string, number>): Card[] {
  const { sprint, task } = context;
  const before = sprint.bestBefore?.metrics ?? {};
  const guards = guardsIn(context);
  const shown = columnsOf(context).slice(1);
  const failed = failedGuards(context).map(({ name }) => name);
  const names = [...failed, ...task.contract.gains, ...shown.filter((name) => name in guards), ...shown];
  return [...new Set(names)].flatMap((name): Card[] => {
    const [now, was] = [metrics[name], before[name]];
    if (name === sprint.metric || now === undefined) return [];
    const guard = guards[name];
    const note = [
      was === undefined ? '' : signed(now - was, name),
      guard === undefined ? '' : `guard ${guardWords(guard)} ${failed.includes(name) ? 'FAILED' : 'passed'}`,
    ];
    return [
      {
        label: label(name),
        value: metricNumber(name, now),
        note: note.filter(Boolean).join(' · '),
        main: false,
      },
    ];
  });
}

/**
 * What the profile's dashed line is called: a ceiling where the metric is maximised, a floor where it is
 * minimised.
 */
export const edge = ({ goal }: Sprint) => (goal === 'max' ? 'ceiling' : 'floor');
