import { label, metricNumber, number } from '../document/names.ts';
import { type Block, type Caption, text } from '../document/tree.ts';
import { type Behind, curvesPlot } from '../plots/curves.ts';
import { frontierPlot } from '../plots/frontier.ts';
import { gainPlot } from '../plots/gain.ts';
import { groupsPlot } from '../plots/groups.ts';
import { type PlotAt, pictureOf } from '../plots/picture.ts';
import { progressPlot } from '../plots/progress.ts';
import { bestRunBefore, type Context, candidateOf, columnsOf } from './context.ts';
import { differencesOf } from './differences.ts';
import { groupsBeforeAndAfter, metricOfGroups } from './parts.ts';
import { measured, runNames } from './runs.ts';

/** Where the candidate landed: its differences to the best before, and the band that is noise. */
export async function gainFigure(context: Context): Promise<Block[]> {
  const { sprint } = context;
  const better = sprint.goal === 'max' ? 'right' : 'left';
  const differences = differencesOf(context);
  // Numbers by secret world are not in the record of a sprint while the key is secret.
  const dots = differences.some(({ single }) => single.length > 0) ? ' grey dots are single runs;' : '';
  const seeds = sprint.confirmed?.gain
    ? ` The line is one standard error to each side;${dots} red marks the gain that was needed there.`
    : '';
  return figure(
    context,
    (width) => gainPlot(differences, sprint.noise, better, width),
    'Differences to the best before',
    `How far the candidate is from the best before. Differences in the shaded band, ±${number(sprint.noise)}, are noise.${seeds}`,
  );
}

/** Curves of the runs over those of the best before. */
export async function curvesFigure(context: Context): Promise<Block[]> {
  const { sprint, task } = context;
  const behind = behindOf(context);
  const usual = task.contract.plots.curves;
  const over = behind ? ' They are laid over those of the best before.' : '';
  return figure(
    context,
    (width) => curvesPlot(sprint.runs, runNames(sprint), sprint.metric, usual, behind, width),
    'Training curves',
    `Training curves over training samples: the numbers that the trainer logged, and ${label(sprint.metric)} that the judge measured on snapshots.${over}${endWords(context, behind)}`,
  );
}

function behindOf(context: Context): Behind | null {
  const best = bestRunBefore(context);
  if (!best || best.run.curve.length + best.run.evals.length === 0) return null;
  const { sprint } = context;
  const value = sprint.bestBefore?.metrics[sprint.metric];
  return {
    name: `best before (sprint ${best.sprint.number}, ${best.run.experiment})`,
    run: best.run,
    band: value === undefined || sprint.noise === 0 ? null : { value, noise: sprint.noise },
  };
}

/** Where the curves end, for a form of the report that has no pictures. */
function endWords(context: Context, behind: Behind | null): string {
  const candidate = candidateOf(context);
  if (!candidate) return '';
  const { metric } = context.sprint;
  const wanted = context.task.contract.plots.curves;
  const [last, before] = [candidate.curve.at(-1)?.values ?? {}, behind?.run.curve.at(-1)?.values ?? {}];
  const beside = (name: string, now: number | undefined, was: number | undefined) =>
    now === undefined
      ? []
      : [
          `${label(name)} ${metricNumber(name, now)}${was === undefined ? '' : ` (best before ${metricNumber(name, was)})`}`,
        ];
  const logged = (wanted.length > 0 ? wanted : Object.keys(last).slice(0, 2)).flatMap((name) =>
    beside(name, last[name], before[name]),
  );
  const at = beside(
    metric,
    candidate.evals.at(-1)?.metrics[metric],
    behind?.run.evals.at(-1)?.metrics[metric],
  ).map((words) => `measured ${words}`);
  const all = [...logged, ...at];
  return all.length > 0 ? ` The candidate ends at ${all.join(', ')}.` : '';
}

/** Where the number comes from: the groups of the verdict, before and after. */
export async function groupsFigure(context: Context): Promise<Block[]> {
  const kinds = groupsBeforeAndAfter(context);
  const metric = metricOfGroups(kinds, context);
  if (metric === null) return [];
  const compared = kinds.some(({ before }) => before.length > 0) ? ', before and after' : '';
  return figure(
    context,
    (width) => groupsPlot(kinds, metric, width),
    `${label(metric)} by group`,
    `${label(metric)} of each group${compared}: ${kinds.map(({ kind }) => `by ${kind}`).join(', and ')}.`,
  );
}

/** The metrics against the number that the task names, with what is published. */
export async function frontierFigure(context: Context): Promise<Block[]> {
  const { sprint, history, profile, task } = context;
  const { against } = task.contract.plots;
  if (!against) return [];
  const names = columnsOf(context).filter((name) => name !== against.field);
  const [metric = sprint.metric, second] = names;
  const runs = sprint.runs.map((run) => ({
    metrics: measured(run).metrics,
    role: run.id === sprint.candidate ? ('candidate' as const) : ('other run of this sprint' as const),
  }));
  const before = sprint.bestBefore;
  const earlier = history
    .filter((other) => other.id !== sprint.id)
    .flatMap((other) =>
      other.runs.flatMap((run) => (run.verdict && run.id !== before?.run ? [run.verdict] : [])),
    )
    .map(({ metrics }) => ({ metrics, role: 'earlier sprints' as const }));
  const all = before
    ? [...earlier, ...runs, { metrics: before.metrics, role: 'best before' as const }]
    : [...earlier, ...runs];
  const beside = label(against.field);
  const dashed = profile?.ceiling ? ` Dashed: ${profile.ceiling.label}.` : '';
  return figure(
    context,
    (width) => frontierPlot(all, profile, second ? [metric, second] : [metric], against, width),
    `Metrics against ${beside}`,
    `${label(metric)}${second ? ` and ${label(second)}` : ''} against ${beside}${profile?.baselines.length ? ', with the published baselines of the profile behind our runs' : ''}.${dashed}`,
  );
}

/** The leaderboard over sprints. */
export async function progressFigure(context: Context): Promise<Block[]> {
  const { sprint, history, profile } = context;
  return figure(
    context,
    (width) => progressPlot(history, sprint.metric, profile?.ceiling ?? null, { width }),
    'Progress over sprints',
    'The leaderboard over sprints. Dots are single runs; the line is the best so far.',
  );
}

/** Draws a plot and numbers it. A plot that cannot be drawn costs itself, not the report. */
async function figure(
  { number: numbering }: Context,
  plotAt: PlotAt,
  alt: string,
  words: string,
): Promise<Block[]> {
  try {
    const picture = await pictureOf(plotAt);
    if (!picture) return [];
    const caption: Caption = numbering.figure(text(words));
    return [{ t: 'figure', picture, alt, caption }];
  } catch (error) {
    return [{ t: 'missing', what: alt, why: error instanceof Error ? error.message : String(error) }];
  }
}
