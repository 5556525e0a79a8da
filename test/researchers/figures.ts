import type { LoggedEvent } from '#contract/event';

/** What a night of several researchers came to, from its events alone. */
export interface Figures {
  wallSeconds: number;
  runs: number;
  /** Seconds in which a run trained or was measured, as a share of all devices' time. */
  busy: number;
  /**
   * Seconds in which a device had no run while one that may start was waiting or being started, as a share of
   * all devices' time.
   */
  freeWhileWaiting: number;
}

type Of<T extends LoggedEvent['type']> = Extract<LoggedEvent, { type: T }>;
export const told = <T extends LoggedEvent['type']>(events: readonly LoggedEvent[], type: T): Of<T>[] =>
  events.filter((event): event is Of<T> => event.type === type);

export const secondsAt = ({ at }: Pick<LoggedEvent, 'at'>): number => Date.parse(at) / 1000;

/** Figures of a night on so many devices. A run is known by its researcher, sprint and ticket. */
export function figuresOf(events: readonly LoggedEvent[], devices: number): Figures {
  const wanted = events.filter(({ type }) =>
    ['run.reserved', 'run.started', 'run.released', 'run.dropped'].includes(type),
  ) as Of<'run.reserved' | 'run.started' | 'run.released' | 'run.dropped'>[];
  const waiting = new Set<string>();
  const trains = new Set<string>();
  let last = secondsAt(wanted[0] ?? { at: new Date(0).toISOString() });
  let [used, lost] = [0, 0];
  for (const event of wanted) {
    const passed = secondsAt(event) - last;
    last += passed;
    used += passed * trains.size;
    lost += passed * Math.min(Math.max(0, devices - trains.size), waiting.size);
    const run = `${event.researcherId} ${event.ticket}`;
    waiting.delete(run);
    trains.delete(run);
    if (event.type === 'run.reserved') waiting.add(run);
    if (event.type === 'run.started') trains.add(run);
  }
  const ends = [events[0], events.at(-1)].flatMap((event) => (event ? secondsAt(event) : []));
  const wallSeconds = (ends[1] ?? 0) - (ends[0] ?? 0);
  return {
    wallSeconds,
    runs: told(events, 'run.started').length,
    busy: used / (devices * wallSeconds),
    freeWhileWaiting: lost / (devices * wallSeconds),
  };
}

/** Seconds of the parts of the time from a request to the first step. */
export interface Parts {
  /** From the call to its acceptance: a snapshot of the workspace, its fingerprint, the constraints. */
  asked: number;
  /** From there until the run's record is written: a place, the checkout of its tree, its fingerprint. */
  prepared: number;
  /** From there until its processes run. */
  launched: number;
  /** From there to the first line of progress: the trainer's own start. */
  began: number;
}

export const middle = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** Where the ledger and the events of a night do not say the same; empty where they do. */
export function differences(
  events: readonly LoggedEvent[],
  sprints: readonly {
    id: string;
    number: number;
    outcome: string;
    runs: readonly { id: string; status: string }[];
    verdict: { metrics: Record<string, number> } | null;
  }[],
): string[] {
  const of = (sprint: string | null) =>
    told(events, 'run.started')
      .filter((event) => event.sprint === sprint)
      .map(({ run }) => `${run} ${told(events, 'run.finished').find((end) => end.run === run)?.status}`);
  const fromEvents = told(events, 'sprint.closed').map(({ sprint, number, outcome, metrics }) => ({
    ...{ sprint, number, outcome, runs: of(sprint).sort(), metrics },
  }));
  const fromLedger = sprints.map(({ id, number, outcome, runs, verdict }) => ({
    ...{ sprint: id, number, outcome, runs: runs.map((run) => `${run.id} ${run.status}`).sort() },
    metrics: verdict?.metrics ?? {},
  }));
  const committed = told(events, 'sprint.committed').map(({ sprint }) => sprint);
  const lines = [
    ...fromEvents.map((one, i) => [JSON.stringify(one), JSON.stringify(fromLedger[i])]),
    ...fromLedger.map(({ sprint }, i) => [sprint, committed[i]]),
  ];
  return lines.flatMap(([a, b]) => (a === b ? [] : `${a} and ${b}`));
}
