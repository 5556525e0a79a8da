import type { LoggedEvent } from '#contract/event';
import { bookLostCalls, foldCall } from './fold-calls.ts';
import { foldRun } from './fold-runs.ts';
import { foldSprint } from './fold-sprint.ts';
import { type LoopState, nothingYet, workedSeconds } from './state.ts';

/** The state after one more event. Pure: the same events always give the same state. */
export function fold(before: LoopState, event: LoggedEvent): LoopState {
  const state = event.type === 'loop.started' && event.resumed ? bookLostCalls(before) : before;
  const now = { ...state, lastEventAt: event.at };
  switch (event.type) {
    case 'loop.started':
      return event.resumed
        ? {
            ...now,
            started: event,
            workedBefore: workedSeconds(before),
            leaderboard: event.leaderboard,
            stopped: null,
            waiting: null,
            paused: null,
            // Runs that still wait are reserved again.
            reserved: [],
            // Only a loop that was cut off counts: after a deliberate stop the sprints were meant to be
            // resumed.
            sprints: before.stopped ? now.sprints : resumedOnce(now.sprints),
          }
        : { ...nothingYet, started: event, leaderboard: event.leaderboard, lastEventAt: event.at };
    case 'loop.waiting': {
      const until = new Date(Date.parse(event.at) + event.seconds * 1000).toISOString();
      return { ...now, waiting: { reason: event.reason, until } };
    }
    case 'loop.stopped':
      return {
        ...now,
        stopped: {
          code: event.code ?? null,
          reason: event.reason,
          exitCode: event.exitCode,
          at: event.at,
        },
      };
    case 'loop.paused':
      return { ...now, paused: event.at };
    case 'loop.continued':
      return { ...now, paused: null };
    case 'speed.measured':
      return {
        ...now,
        probedSpeed: event.samplesPerSecond,
        trainSeconds: now.trainSeconds + event.seconds,
      };
    case 'loop.notice':
      return now;
    case 'turn.started':
    case 'turn.searching':
    case 'turn.failed':
    case 'turn.finished':
      return foldCall(now, event);
    case 'run.reserved':
    case 'run.released':
    case 'run.queued':
    case 'run.dropped':
    case 'run.started':
    case 'run.waiting':
    case 'run.progress':
    case 'run.finished':
      return foldRun(now, event);
    case 'sprint.opened':
    case 'sprint.claimed':
    case 'sprint.capped':
    case 'hint.given':
    case 'note.taken':
    case 'tool.finished':
    case 'verdict.given':
    case 'confirm.started':
    case 'confirm.measured':
    case 'confirm.finished':
    case 'sprint.closed':
    case 'sprint.checked':
    case 'report.rendered':
    case 'sprint.dropped':
    case 'sprint.committed':
      return foldSprint(now, event);
  }
}

const resumedOnce = (sprints: LoopState['sprints']): LoopState['sprints'] =>
  Object.fromEntries(
    Object.entries(sprints).map(([by, sprint]) => [by, { ...sprint, resumed: sprint.resumed + 1 }]),
  );
