import type { TaskContract } from '#contract/task-contract';
import { many, pace, plain, show } from '../common/words.ts';
import type { LiveRun } from '../journal/state.ts';
import { bar, columnsOf, sparkline, within, wrap } from './columns.ts';
import type { WatchedRun } from './watched-runs.ts';

/** What the lines of a run are made of. `state`: null once it has ended. */
interface Shown {
  run: WatchedRun;
  /** The number of the sprint that it is a run of, where several are shown. */
  sprint?: number;
  state: LiveRun | null;
  contract: Pick<TaskContract, 'metric' | 'plots'>;
}

/** The widest name of a curve, and the widest curve. */
const NAME = 24;
const CURVE = 60;
const BAR = 40;

/** A run in lines of at most so many columns: its name, how far it is, its curves. */
export function runLines({ run, state, contract }: Shown, columns: number): string[] {
  const lines = [nameOf(run, columns)];
  const [how, rate] = howFar(run, state);
  if (how !== null) lines.push(bar(how, Math.min(columns, BAR)));
  lines.push(...wrap(rate, columns, 2));
  const curves = [...logCurves(run, contract.plots.curves, 2), ...evalCurve(run, contract.metric)];
  const widest = Math.min(NAME, Math.max(0, ...curves.map(({ name }) => columnsOf(name))));
  for (const { name, values } of curves) {
    const label = `${within(name, widest).padEnd(widest)} ${show(values.at(-1)).padStart(7)} `;
    lines.push(`${label}${sparkline(values, Math.min(CURVE, columns - columnsOf(label)))}`);
  }
  return lines;
}

/** In three lines, for one of several runs, with one curve: of the judge's numbers where there are any. */
export function shortRunLines({ run, sprint, state, contract }: Shown, columns: number): string[] {
  const of = sprint === undefined ? '' : `${sprint}: `;
  const [how, rate] = howFar(run, state);
  const room = columns - columnsOf(rate) - 1;
  // A bar of less than six columns says nothing.
  const before = how !== null && room >= 6 ? `${bar(how, Math.min(room, BAR))} ` : '';
  const [curve] = [...evalCurve(run, contract.metric), ...logCurves(run, contract.plots.curves, 1)];
  const label = curve ? `${within(curve.name, NAME)} ${show(curve.values.at(-1))} ` : '';
  const drawn = curve ? sparkline(curve.values, Math.min(CURVE, columns - columnsOf(label))) : '';
  return [
    `${of}${nameOf(run, columns - of.length)}`,
    within(`${before}${rate}`, columns),
    ...(curve ? [`${label}${drawn}`] : []),
  ];
}

/** Where there is no room, the day is the first that can be missed. */
function nameOf(run: WatchedRun, columns: number): string {
  const id = plain(run.id);
  return within(columnsOf(id) > columns ? id.replace(/^\d{4}-\d\d-\d\d--/, '') : id, columns);
}

/** The share that is done, null where there is none to show, and in words how far it is or how it ended. */
function howFar(run: WatchedRun, state: LiveRun | null): [number | null, string] {
  if (run.ended) {
    const { status, reason } = run.ended;
    return [null, `${plain(status)}${reason ? `: ${plain(reason)}` : ''}`];
  }
  if (state?.waits !== undefined) return [null, `in the queue: ${plain(state.waits)}`];
  const progress = state?.progress;
  if (!progress) return [null, 'starting'];
  const share = progress.totalSamples > 0 ? progress.samples / progress.totalSamples : 0;
  const percent = Math.round(Math.min(1, share) * 100);
  return [share, `${percent}% of ${many(progress.totalSamples)} samples · ${pace(progress)}`];
}

interface Curve {
  name: string;
  values: number[];
}

/** The logged numbers that the task draws; where it names none, the first ones. */
function logCurves({ log }: WatchedRun, names: readonly string[], most: number): Curve[] {
  const logged = Object.keys(log.at(-1)?.values ?? {});
  const known = names.filter((name) => logged.includes(name));
  return (known.length > 0 ? known : logged).slice(0, most).map((name) => ({
    name: plain(name),
    values: log.flatMap(({ values }) => (Number.isFinite(values[name]) ? [values[name] as number] : [])),
  }));
}

const evalCurve = ({ evals }: WatchedRun, metric: string): Curve[] => {
  const values = evals.flatMap(({ metrics }) => metrics[metric] ?? []);
  return values.length > 0 ? [{ name: `${plain(metric)} measured`, values }] : [];
};
