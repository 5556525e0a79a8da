import { rowsOf, worldWords } from '../../common/worlds.ts';
import { count, label, metricNumber, number, samples, signed } from '../document/names.ts';
import { type Block, type Inline, type Row, strong, text } from '../document/tree.ts';
import { type Context, candidateOf, columnsOf, direction, guardsIn } from './context.ts';

type Numbers = Record<string, number>;

/** A row of the table: whose word it is, and its numbers as they are shown. */
interface Line {
  name: string;
  values: Numbers;
  tone: Row['tone'];
  /** A difference is signed. */
  difference?: true;
}

/**
 * Predicted, claimed, measured, verified and confirmed numbers side by side, with the best before and the
 * difference to it. What decides is marked.
 */
export function claimedAndVerified(context: Context): Block | null {
  const { sprint, task } = context;
  const { verdict } = sprint;
  const lines = [...beforeVerdict(context), ...verified(context), ...repeated(context), ...secret(context)];
  if (lines.length === 0) return null;
  const deciding = decidingColumns(context);
  const columns = deciding.filter((name) => lines.some((line) => line.values[name] !== undefined));
  // A trainer may claim none of the numbers that the judge measures.
  const said = lines.filter((line) => columns.some((name) => line.values[name] !== undefined));
  const again = sprint.repeat
    ? ' The verdict was near the noise, so it was repeated on a second seed: the means of both seeds decide.'
    : '';
  const evaluation = verdict
    ? ` A verdict is of ${rowsOf(verdict)} in batches of ${count(verdict.evaluation.batch)}.`
    : '';
  const noise = sprint.bestBefore
    ? ` A difference of at most ${number(sprint.noise)} in ${label(sprint.metric)} is noise.`
    : '';
  const forms = verdict ? formWords(task.contract.forms ?? {}, Object.keys(verdict.also)) : '';
  return {
    t: 'table',
    head: [[text('Whose word')], ...columns.map((name) => [text(label(name))])],
    align: ['left', ...columns.map(() => 'right' as const)],
    rows: said.map((line) => ({
      tone: line.tone,
      cells: [
        [line.tone === 'best' ? strong(line.name) : text(line.name)],
        ...columns.map((name): Inline[] => {
          const value = line.values[name];
          const shown =
            line.difference && value !== undefined ? signed(value, name) : metricNumber(name, value);
          return [line.tone === 'best' && direction(context, name) ? strong(shown) : text(shown)];
        }),
      ],
    })),
    caption: context.number.table(
      text(
        `Claimed, measured and verified. The trainer claims, by the data that it was given; the judge measures snapshots, and verifies the end.${noise}${again}${evaluation}${forms}`,
      ),
    ),
    omitted: null,
  };
}

/** The numbers that decide, those that were predicted, and the one that metrics are drawn against. */
function decidingColumns(context: Context): string[] {
  const { sprint, task } = context;
  const { gains, plots } = task.contract;
  const asked = [
    sprint.metric,
    ...gains,
    ...Object.keys(guardsIn(context)),
    ...Object.keys(sprint.predicted),
  ];
  const wanted = new Set([...asked, plots.against?.field]);
  const known = columnsOf(context);
  return [...known, ...asked].filter((name, at, all) => wanted.has(name) && all.indexOf(name) === at);
}

/** What was said and measured before the verdict. */
function beforeVerdict(context: Context): Line[] {
  const { predicted } = context.sprint;
  const candidate = candidateOf(context);
  const last = candidate?.evals.at(-1);
  const lines: Line[] = [];
  if (Object.keys(predicted).length > 0)
    lines.push({ name: 'Predicted before the runs', values: predicted, tone: 'plain' });
  if (candidate && Object.keys(candidate.claimed).length > 0)
    lines.push({ name: 'Claimed by the trainer', values: candidate.claimed, tone: 'plain' });
  if (last)
    lines.push({
      name: `Measured on the last snapshot, ${samples(last.evaluationSamples)} samples`,
      values: last.metrics,
      tone: 'plain',
    });
  return lines;
}

function verified(context: Context): Line[] {
  const { sprint, task } = context;
  const { verdict, bestBefore, repeat, confirmed } = sprint;
  const { forms = {} } = task.contract;
  const lines: Line[] = [];
  if (verdict) {
    const kind = verdict.kind === 'confirmed' ? 'Confirmed' : 'Verified';
    const seed = candidateOf(context)?.seed;
    const how = [
      forms.deciding ? short(forms.deciding) : [],
      seed === undefined ? [] : `seed ${seed}`,
    ].flat();
    const decides = repeat || confirmed ? '' : ' (decides)';
    lines.push({
      name: `${[`${kind} by the judge`, ...how].join(', ')}${decides}`,
      values: verdict.metrics,
      tone: 'best',
    });
    for (const [form, values] of Object.entries(verdict.also))
      lines.push({
        name: `${kind}, ${forms[form] ? short(forms[form]) : `${form} form`}`,
        values,
        tone: 'muted',
      });
  }
  if (bestBefore) lines.push({ name: 'Best before', values: bestBefore.metrics, tone: 'plain' });
  if (bestBefore && verdict)
    lines.push(difference('Verified, against the best before', verdict.metrics, bestBefore.metrics));
  return lines;
}

function repeated({ sprint: { repeat, verdict, bestBefore } }: Context): Line[] {
  if (!repeat || !verdict || !bestBefore) return [];
  const { seed, best } = repeat;
  const change = difference('', verdict.metrics, bestBefore.metrics).values;
  const again = difference('', repeat.verdict.metrics, best.verdict.metrics).values;
  const both = Object.entries(change).flatMap(([name, value]) =>
    again[name] === undefined ? [] : [[name, (value + again[name]) / 2] as const],
  );
  return [
    { name: `Verified once more, on seed ${seed}`, values: repeat.verdict.metrics, tone: 'best' },
    { name: `Best before, on seed ${seed}`, values: best.verdict.metrics, tone: 'plain' },
    {
      name: 'Against the best, mean of both seeds (decides)',
      values: Object.fromEntries(both),
      tone: 'best',
      difference: true,
    },
  ];
}

function secret({ sprint: { confirmed, verdict } }: Context): Line[] {
  if (!confirmed || confirmed.candidate.n === 0) return [];
  const { candidate, best } = confirmed;
  const { secret: one, secrets } = worldWords(verdict);
  const on = `${candidate.n} ${candidate.n === 1 ? one : secrets}`;
  const lines: Line[] = [
    { name: `Confirmed, mean of ${on} (decides)`, values: candidate.mean, tone: 'best' },
  ];
  if (best)
    lines.push(
      { name: `Best before, mean of the same ${secrets}`, values: best.mean, tone: 'plain' },
      difference('Confirmed, difference of the means', candidate.mean, best.mean),
    );
  return lines;
}

const difference = (name: string, values: Numbers, before: Numbers): Line => ({
  name,
  values: Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) => {
      const was = before[key];
      return was === undefined ? [] : [[key, value - was] as const];
    }),
  ),
  tone: 'muted',
  difference: true,
});

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
