import { violation } from '#contract/condition';
import type { Sprint } from '#contract/sprint';
import type { Outcome } from '#contract/verdict';
import {
  count,
  dateTime,
  duration,
  label,
  metricNumber,
  money,
  number,
  samples,
  signed,
} from '../document/names.ts';
import {
  type Badge,
  type Block,
  type Card,
  code,
  type Inline,
  strong,
  type Tone,
  text,
} from '../document/tree.ts';
import { confirmedCard } from './confirmed.ts';
import { type Context, columnsOf, direction, guardsIn } from './context.ts';
import { hintRows } from './hints.ts';
import { doubts, observedRows } from './observed.ts';

export const outcomes: Record<Outcome, { words: string; tone: Tone }> = {
  'new-best': { words: 'new best', tone: 'good' },
  held: { words: 'held: not believed yet', tone: 'warn' },
  stacked: { words: 'stacked: too small to be confirmed alone', tone: 'warn' },
  'no-gain': { words: 'no gain', tone: 'neutral' },
  degenerate: { words: 'degenerate: a guard failed', tone: 'bad' },
  invalid: { words: 'invalid: a constraint failed', tone: 'bad' },
  failed: { words: 'failed', tone: 'bad' },
  interrupted: { words: 'interrupted', tone: 'warn' },
};

/** Title, date, size and cost in one line, and the outcome of the sprint. */
export function titleBlock(context: Context): Block {
  const { sprint, task } = context;
  const badges: Badge[] = [{ v: outcomes[sprint.outcome].words, tone: outcomes[sprint.outcome].tone }];
  badges.push({
    v: sprint.researcher.label,
    tone: sprint.researcher.kind === 'offline' ? 'warn' : 'neutral',
  });
  badges.push(...doubts(context));
  if (sprint.sandbox !== 'bubblewrap') badges.push({ v: 'sandbox off', tone: 'warn' });
  return {
    t: 'title',
    kicker: `Sprint report · ${task.contract.title} · profile ${sprint.profile}`,
    title: `Sprint ${sprint.number}: ${sprint.title}`,
    facts: [
      dateTime(sprint.openedAt),
      `${sprint.runs.length} ${sprint.runs.length === 1 ? 'run' : 'runs'}`,
      `${duration(sprint.cost.trainSeconds)} ${trainingKind(sprint)}`,
      money(sprint.cost.usd),
    ],
    badges,
  };
}

const trainingKind = (sprint: Sprint) => (onGpu(sprint) ? 'of GPU training' : 'of CPU training');
const onGpu = (sprint: Sprint) => sprint.runs.some((run) => /gpu|cuda|metal/i.test(run.backend ?? ''));

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
  const guards = guardsIn(context);
  const shown = columnsOf(context).slice(1);
  const beside = [...new Set([...shown.filter((name) => name in guards), ...shown])].flatMap((name) => {
    const now = verdict.metrics[name];
    return now === undefined ? [] : [{ name, now, was: before[name] }];
  });
  for (const { name, now, was } of beside.slice(
    0,
    3 - Number(Boolean(profile?.ceiling)) - Number(confirmed !== null),
  )) {
    const guard = guards[name];
    const held = guard === undefined || violation(guard, now, bestsBefore(context, name)) === null;
    const note = [
      was === undefined ? '' : signed(now - was, name),
      guard === undefined ? '' : `guard ${guardWords(guard)} ${held ? 'held' : 'FAILED'}`,
    ];
    out.push({
      label: label(name),
      value: metricNumber(name, now),
      note: note.filter(Boolean).join(' · '),
      main: false,
    });
  }
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

/** A number of the bests before this sprint, the present one last. */
function bestsBefore({ sprint, history }: Context, name: string): number[] {
  const earlier = history.filter((s) => s.number < sprint.number && s.outcome === 'new-best');
  const last = sprint.bestBefore?.metrics[name];
  return [...earlier.flatMap((s) => s.verdict?.metrics[name] ?? []), ...(last === undefined ? [] : [last])];
}

/**
 * Compares a verified value of the metric with the best before and with the noise that a gain has to exceed:
 * "+0.041 to the best before, noise 0.017". Where it was repeated on a second seed, with the mean of both.
 */
export function againstBest({ metric, bestBefore, noise, repeat }: Sprint, value: number): string {
  const best = bestBefore?.metrics[metric];
  if (best === undefined) return 'the first of this leaderboard';
  const change = signed(value - best);
  const once = `${change === 'unchanged' ? 'the same as' : `${change} to`} the best before, noise ${number(noise)}`;
  if (!repeat) return once;
  const again =
    (repeat.verdict.metrics[metric] ?? Number.NaN) - (repeat.best.verdict.metrics[metric] ?? Number.NaN);
  const gain = (value - best + again) / 2;
  return `${once}; near it, so with seed ${repeat.seed} too: ${signed(gain)} in the mean, noise ${number(noise / Math.SQRT2)}`;
}

/**
 * What the profile's dashed line is called: a ceiling where the metric is maximised, a floor where it is
 * minimised.
 */
export const edge = ({ goal }: Sprint) => (goal === 'max' ? 'ceiling' : 'floor');

const guardWords = (guard: string) =>
  guard.replaceAll('>=', '≥ ').replaceAll('<=', '≤ ').replaceAll('==', '= ').replaceAll('-', ' − ');

/**
 * Predicted, claimed and verified numbers side by side, in the deciding form and the others, with the best
 * before.
 */
export function claimedAndVerified(context: Context): Block | null {
  const { sprint } = context;
  const verdict = sprint.verdict;
  const candidate = sprint.runs.find((run) => run.id === sprint.candidate);
  const before = sprint.bestBefore?.metrics;
  const { forms = {} } = context.task.contract;
  const deciding = forms.deciding ? `, ${short(forms.deciding)}` : '';
  const lines: { name: string; values: Record<string, number>; tone: 'plain' | 'best' | 'muted' }[] = [];
  if (Object.keys(sprint.predicted).length > 0)
    lines.push({ name: 'Predicted before the runs', values: sprint.predicted, tone: 'plain' });
  if (candidate && Object.keys(candidate.claimed).length > 0)
    lines.push({ name: 'Claimed by the trainer', values: candidate.claimed, tone: 'plain' });
  if (verdict) {
    const kind = verdict.kind === 'confirmed' ? 'Confirmed' : 'Verified';
    lines.push({ name: `${kind} by the judge${deciding} (decides)`, values: verdict.metrics, tone: 'best' });
    for (const [form, values] of Object.entries(verdict.also)) {
      lines.push({
        name: `${kind}, ${forms[form] ? short(forms[form]) : `${form} form`}`,
        values,
        tone: 'muted',
      });
    }
  }
  if (before) lines.push({ name: 'Best before', values: before, tone: 'plain' });
  const { confirmed } = sprint;
  if (confirmed && confirmed.candidate.n > 0) {
    const on = `${confirmed.candidate.n} secret worlds (mean)`;
    lines.push({ name: `Confirmed by the judge, on ${on}`, values: confirmed.candidate.mean, tone: 'best' });
    if (confirmed.best)
      lines.push({ name: `Best before, on the same worlds`, values: confirmed.best.mean, tone: 'plain' });
  }
  if (sprint.repeat) {
    const { seed, verdict, best } = sprint.repeat;
    lines.push({ name: `Verified once more, on seed ${seed}`, values: verdict.metrics, tone: 'best' });
    lines.push({ name: `Best before, on seed ${seed}`, values: best.verdict.metrics, tone: 'plain' });
  }
  if (lines.length === 0) return null;
  const columns = columnsOf(context).filter((name) => lines.some((line) => line.values[name] !== undefined));
  // A trainer may claim none of the numbers that the judge measures.
  const said = lines.filter((line) => columns.some((name) => line.values[name] !== undefined));
  const repeated = sprint.repeat
    ? ' The verdict was near the noise, so it was repeated on a second seed: the means of both seeds decide.'
    : '';
  const evaluation = verdict
    ? ` The judge measured ${count(verdict.evaluation.samples)} fresh samples in batches of ${count(verdict.evaluation.batch)}.`
    : '';
  return {
    t: 'table',
    head: [[text('')], ...columns.map((name) => [text(label(name))])],
    align: ['left', ...columns.map(() => 'right' as const)],
    rows: said.map((line) => ({
      tone: line.tone,
      cells: [
        [line.tone === 'best' ? strong(line.name) : text(line.name)],
        ...columns.map((name): Inline[] => {
          const shown = metricNumber(name, line.values[name]);
          return [line.tone === 'best' && direction(context, name) ? strong(shown) : text(shown)];
        }),
      ],
    })),
    caption: context.number.table(
      text(
        `Claimed and verified. The trainer claims a number on the data that it was given; the judge verifies it on fresh samples.${repeated}${evaluation}${verdict ? formWords(forms, Object.keys(verdict.also)) : ''}`,
      ),
    ),
    omitted: null,
  };
}

/** The name of a form without its explanation in brackets: "training form". */
const short = (form: string) => form.replace(/\s*\(.*$/, '');

/**
 * Which form decides and which ones stand beside it, in the task's words; empty where the task names none.
 */
function formWords(forms: Record<string, string>, others: readonly string[]): string {
  const beside = others.flatMap((form) => forms[form] ?? []);
  const deciding = forms.deciding ? ` The ${forms.deciding} decides.` : '';
  return beside.length > 0 ? `${deciding} Beside it: ${beside.join('; ')}.` : deciding;
}

/** Outcome, cost, researcher and rules of the sprint. */
export function facts(context: Context): Block {
  const { sprint, profile } = context;
  const { cost, verdict, change } = sprint;
  const cached =
    cost.inputTokens > 0 ? ` (${Math.round((cost.cachedInputTokens / cost.inputTokens) * 100)}% cached)` : '';
  const training = onGpu(sprint)
    ? `${(cost.trainSeconds / 3600).toFixed(2)} GPU-hours of training`
    : `${duration(cost.trainSeconds)} of training on the CPU`;
  const rows: { label: string; c: Inline[] }[] = [
    { label: 'Outcome', c: [strong(outcomes[sprint.outcome].words), text(`. ${sprint.reason}`)] },
    { label: 'Stopped because', c: [text(sprint.stopReason)] },
    {
      label: 'Spent',
      c: [
        strong(money(cost.usd)),
        text(
          ` in ${cost.turns} turns: ${samples(cost.inputTokens)} tokens in${cached}, ${samples(cost.outputTokens)} out`,
        ),
      ],
    },
    {
      label: 'Time',
      c: [
        text(
          `${training}, ${duration(cost.judgeSeconds)} of judging, ${cost.confirmSeconds === undefined ? '' : `${duration(cost.confirmSeconds)} of confirming, `}${duration(cost.wallSeconds)} in all`,
        ),
      ],
    },
    { label: 'Researcher', c: researcher(sprint) },
    { label: 'Sandbox', c: [text(sprint.sandbox)] },
    ...hintRows(sprint),
    {
      label: 'World',
      c: verdict
        ? [text(`${verdict.world.name}, hash `), code(verdict.world.hash.slice(0, 12))]
        : [text(profile?.world ?? 'unknown')],
    },
    {
      label: 'Noise floor',
      c: [text(`${number(sprint.noise)}${sprint.noiseFrom ? ` (${sprint.noiseFrom})` : ''}`)],
    },
    ...(sprint.inspections
      ? [{ label: 'Looks by inspect', c: [text(`${sprint.inspections}, each on the judge's side`)] }]
      : []),
    ...observedRows(context),
    { label: 'Change', c: changeWords(change) },
  ];
  return { t: 'facts', rows };
}

function researcher({ researcher: { kind, model, label: name } }: Sprint): Inline[] {
  if (kind === 'offline')
    return [strong(name), text(': a script that walks a fixed path; no language model took part')];
  return [text(name), ...(model && !name.includes(model) ? [text(` (${model})`)] : [])];
}

function changeWords(change: Sprint['change']): Inline[] {
  if (change.files.length === 0) return [text('none')];
  const size = `${change.files.length} ${change.files.length === 1 ? 'file' : 'files'}, +${change.insertions} −${change.deletions}, `;
  const fate = change.kept
    ? change.infrastructure
      ? 'kept as infrastructure'
      : 'kept in the workspace'
    : 'undone; change.patch has it';
  return [text(size + fate)];
}
