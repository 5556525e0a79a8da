import { writeFileAtomic } from '#contract/atomic';
import type { Progress } from '#contract/run';
import type { Sprint, SprintRun } from '#contract/sprint';
import { eventFilePath, runDir } from '../common/paths.ts';
import { findRunRecord, readProgress, readSprintRun, runNames } from '../ledger/run-folder.ts';
import { type Logged, RunEvents, type RunFacts } from './run-events.ts';

/** A run that has ended, or that is training now: all that its event file is made of. */
export interface RunLog {
  facts: RunFacts;
  run: SprintRun;
  /** Its log, in the order in which it was written. */
  log: Logged[];
  /** In seconds since 1970. */
  started: number;
  ended: number;
}

/** TensorBoard draws at most a thousand points of a curve. */
const MAX_POINTS = 2000;

/** The runs of a checkout: those with a folder, then those that only a committed sprint remembers. */
export function* runLogs(repo: string, sprints: readonly Sprint[]): Generator<RunLog> {
  const here = new Set<string>();
  for (const id of runNames(repo)) {
    const found = fromFolder(repo, id);
    if (!found) continue;
    here.add(id);
    yield found;
  }
  for (const sprint of sprints) {
    for (const run of sprint.runs) if (!here.has(run.id) && IS_ID.test(run.id)) yield fromSprint(sprint, run);
  }
}

/** A run id is the name of a folder, and `sprint.json` may come from anywhere. */
const IS_ID = /^\d{4}-\d\d-\d\d--\d\d-\d\d-\d\d-[\w-]+$/;

function fromFolder(repo: string, id: string): RunLog | null {
  const record = findRunRecord(runDir(repo, id));
  const run = IS_ID.test(id) ? readSprintRun(repo, id) : null;
  if (!record || !run) return null;
  const started = secondsOf(record.startedAt);
  const log = evenly(readProgress(runDir(repo, id)), MAX_POINTS);
  return { facts: { ...record, id }, run, log, started, ended: endOf(record.endedAt, started, record) };
}

function fromSprint(sprint: Sprint, run: SprintRun): RunLog {
  const [, date, ...time] = /^(\d{4}-\d\d-\d\d)--(\d\d)-(\d\d)-(\d\d)-/.exec(run.id) ?? [];
  const started = secondsOf(`${date}T${time.join(':')}Z`);
  const facts = { ...run, sprint: sprint.id, profile: sprint.profile };
  return { facts, run, log: run.curve, started, ended: endOf(null, started, run) };
}

const secondsOf = (time: string) => Date.parse(time) / 1000;
const endOf = (endedAt: string | null, started: number, { seconds }: Pick<SprintRun, 'seconds'>) =>
  endedAt === null ? started + (seconds ?? 0) : secondsOf(endedAt);

const evenly = <T>(points: readonly T[], most: number): T[] => {
  const step = Math.ceil(points.length / most);
  return points.filter((_, i) => i % step === 0 || i === points.length - 1);
};

/** The whole event file of a run. */
function eventsOf({ facts, run, log, started, ended }: RunLog): Uint8Array[] {
  const events = new RunEvents(facts);
  const at = clockOf(run, log, started);
  return [
    ...events.opening(started),
    ...log.flatMap((point) => events.logged(at(point.samples), point)),
    ...run.evals.flatMap((point) => events.snapshot(at(point.samples), point)),
    ...(run.verdict ? events.verdict(secondsOf(run.verdict.at), run.verdict) : []),
    ...(run.status === 'running' ? [] : events.end(ended, run.status === 'finished')),
  ];
}

/**
 * When a run had trained so many samples. A trainer's log has no times, so they follow from the speed that it
 * logged; pauses of a run that was continued are not in them.
 */
function clockOf(
  { samplesPerSecond }: SprintRun,
  log: readonly (Logged & Partial<Pick<Progress, 'samplesPerSecond'>>)[],
  started: number,
): (samples: number) => number {
  let [seconds, last] = [started, 0];
  const times = log.map((point) => {
    const speed = point.samplesPerSecond || samplesPerSecond || 0;
    if (speed > 0 && point.samples > last) seconds += (point.samples - last) / speed;
    last = Math.max(last, point.samples);
    return { samples: last, seconds };
  });
  return (samples) => times.find((time) => time.samples >= samples)?.seconds ?? seconds;
}

/** Writes the event file of a run, whole; a file that a loop has written of it is replaced. */
export function writeEventFile(out: string, of: RunLog): void {
  writeFileAtomic(eventFilePath(out, of.facts.id), eventsOf(of));
}
