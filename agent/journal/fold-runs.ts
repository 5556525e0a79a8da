import type { LoggedEvent } from '#contract/event';
import { specOf } from '#contract/run';
import { without, withSprint } from './change.ts';
import type { LiveRun, LoopState, ReservedRun, SprintState } from './state.ts';

type RunEvent = Extract<LoggedEvent, { type: `run.${string}` }>;

/** The state after an event of a run: reserved, queued, started, how far, ended. */
export function foldRun(now: LoopState, event: RunEvent): LoopState {
  const by = event.researcherId;
  switch (event.type) {
    case 'run.reserved': {
      const { ticket, role, left } = event;
      const run = { ...specOf(event), researcherId: by, ticket, role, left, run: null };
      return { ...now, reserved: [...now.reserved, run] };
    }
    case 'run.released':
      return { ...now, reserved: now.reserved.filter((other) => !isOf(event, other)) };
    case 'run.queued': {
      const { ticket, role } = event;
      const run = { ...specOf(event), ticket, role, dropped: null };
      return withSprint(now, by, (sprint) => ({ ...sprint, waiting: [...sprint.waiting, run] }));
    }
    case 'run.dropped':
      return withSprint(now, by, (sprint) => ({
        ...sprint,
        waiting: sprint.waiting.flatMap((run) => {
          if (run.ticket !== event.ticket) return run;
          return event.reason === null ? [] : { ...run, dropped: event.reason };
        }),
      }));
    case 'run.started': {
      const run: LiveRun = {
        experiment: event.experiment,
        startedAt: event.at,
        progress: null,
      };
      const reserved = now.reserved.map((other) =>
        isOf(event, other) ? { ...other, run: event.run } : other,
      );
      return withSprint({ ...now, reserved, runs: { ...now.runs, [event.run]: run } }, by, (sprint) =>
        // A run that is continued starts twice.
        event.sprint === null ? sprint : withRun(sprint, event.run, event.ticket),
      );
    }
    case 'run.waiting': {
      const run = now.runs[event.run];
      if (!run) return now;
      const { waits: _, ...trains } = run;
      // The time of a run begins when it trains.
      const since = run.waits === undefined ? {} : { startedAt: event.at };
      const next = event.reason === null ? { ...trains, ...since } : { ...run, waits: event.reason };
      return { ...now, runs: { ...now.runs, [event.run]: next } };
    }
    case 'run.progress': {
      const { samples, totalSamples, samplesPerSecond, etaSeconds } = event;
      const run = now.runs[event.run];
      if (!run) return now;
      const progress = { samples, totalSamples, samplesPerSecond, etaSeconds };
      return { ...now, runs: { ...now.runs, [event.run]: { ...run, progress } } };
    }
    case 'run.finished': {
      const runs = without(now.runs, event.run);
      const trainSeconds = now.trainSeconds + event.seconds;
      return withSprint({ ...now, runs, trainSeconds }, by, (sprint) => ({
        ...sprint,
        trainSeconds: sprint.trainSeconds + event.seconds,
      }));
    }
  }
}

/** A ticket is unique only within one researcher. */
const isOf = (event: { researcherId: string; ticket?: string }, run: ReservedRun) =>
  run.ticket === event.ticket && run.researcherId === event.researcherId;

const withRun = (sprint: SprintState, run: string, ticket: string | undefined): SprintState => ({
  ...sprint,
  runs: [...new Set([...sprint.runs, run])],
  tickets: ticket === undefined ? sprint.tickets : { ...sprint.tickets, [run]: ticket },
  waiting: sprint.waiting.filter((other) => other.ticket !== ticket),
});
