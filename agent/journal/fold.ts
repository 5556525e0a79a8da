import type { LoggedEvent } from '#contract/event';
import { specOf } from '#contract/run';
import { cut } from '../common/words.ts';
import {
  type Amount,
  type LiveRun,
  type LoopState,
  nothingYet,
  type OpenCall,
  type ReservedRun,
  type SprintState,
} from './state.ts';

/** The state after one more event. Pure: the same events always give the same state. */
export function fold(before: LoopState, event: LoggedEvent): LoopState {
  const state = event.type === 'loop.started' && event.resumed ? bookLostCalls(before) : before;
  const now = { ...state, lastEventAt: event.at };
  switch (event.type) {
    case 'loop.started':
      return event.resumed
        ? withSprint(
            {
              ...now,
              started: event,
              workedBefore: workedSeconds(before),
              leaderboard: event.leaderboard,
              stopped: null,
              waiting: null,
              paused: null,
              // Runs that still wait are reserved again.
              reserved: [],
            },
            // Only a loop that was cut off counts: after a deliberate stop the sprint was meant to be
            // resumed.
            (sprint) => ({ ...sprint, resumed: sprint.resumed + (before.stopped ? 0 : 1) }),
          )
        : { ...nothingYet, started: event, leaderboard: event.leaderboard, lastEventAt: event.at };
    case 'sprint.opened':
      return {
        ...now,
        leaderboard: event.leaderboard ?? now.leaderboard,
        started: now.started && {
          ...now.started,
          researcher: event.researcher ?? now.started.researcher,
          limits: event.limits ?? now.started.limits,
        },
        sprint: {
          number: event.number,
          researcherId: event.researcherId,
          openedAt: event.at,
          openedAfter: workedSeconds(now),
          treeBefore: event.treeBefore,
          fullRunOf: event.fullRunOf ?? null,
          claim: null,
          runs: [],
          tickets: {},
          waiting: [],
          hints: event.hints ? [event.hints] : [],
          verdicts: {},
          finished: false,
          closed: null,
          rendered: false,
          resumed: 0,
          models: [],
          said: [],
          cost: { usd: 0, turns: 0, inputTokens: 0, cachedInputTokens: 0, outputTokens: 0 },
          trainSeconds: 0,
          capped: null,
        },
      };
    case 'sprint.claimed': {
      const { sprint: id, title, idea, predicted } = event;
      return withSprint(now, (sprint) => ({ ...sprint, claim: { id, title, idea, predicted } }));
    }
    case 'sprint.capped':
      return withSprint(now, (sprint) => ({
        ...sprint,
        capped: { reason: event.reason, turns: sprint.cost.turns },
      }));
    case 'turn.finished': {
      const { usd, inputTokens, cachedInputTokens, outputTokens } = event.usage;
      const spent = {
        usd: now.usd + usd,
        tokens: now.tokens + inputTokens + outputTokens,
        held: plus(now.held, event.held),
      };
      const calls = without(now.calls, event.researcherId);
      return withSprint({ ...now, ...spent, calls, waiting: null }, (sprint) => ({
        ...sprint,
        models: [...new Set([...sprint.models, ...(event.model ? [event.model] : [])])],
        said: withText(sprint.said, event.at, event.text),
        cost: {
          usd: sprint.cost.usd + usd,
          ...heldBy(sprint, event.held?.usd),
          // A cut call is made again, so it counts as no turn.
          turns: sprint.cost.turns + (event.stopReason === 'cut' ? 0 : 1),
          inputTokens: sprint.cost.inputTokens + inputTokens,
          cachedInputTokens: sprint.cost.cachedInputTokens + cachedInputTokens,
          outputTokens: sprint.cost.outputTokens + outputTokens,
        },
      }));
    }
    case 'turn.started': {
      // A log of an earlier version has only `reserve`.
      const { reserve, plain = reserve, likely = reserve } = event;
      const call = { most: plain, reserve, likely };
      return { ...now, calls: { ...now.calls, [event.researcherId]: call }, waiting: null };
    }
    case 'turn.searching': {
      const call = now.calls[event.researcherId];
      if (!call) return now;
      return { ...now, calls: { ...now.calls, [event.researcherId]: { ...call, most: call.reserve } } };
    }
    case 'turn.failed':
      return { ...now, calls: without(now.calls, event.researcherId) };
    case 'tool.finished':
      return withSprint(
        { ...now, lastAction: event.summary === '' ? event.name : `${event.name}: ${event.summary}` },
        (sprint) => ({
          ...sprint,
          finished: sprint.finished || (event.ok && event.name === 'finish_sprint'),
        }),
      );
    case 'run.started': {
      const run: LiveRun = {
        experiment: event.experiment,
        startedAt: event.at,
        progress: null,
      };
      const reserved = now.reserved.map((other) =>
        isOf(event, other) ? { ...other, run: event.run } : other,
      );
      return withSprint({ ...now, reserved, runs: { ...now.runs, [event.run]: run } }, (sprint) =>
        // A run that is continued starts twice.
        event.sprint === null ? sprint : withRun(sprint, event.run, event.ticket),
      );
    }
    case 'run.reserved': {
      const { researcherId, ticket, role, left } = event;
      const run = { ...specOf(event), researcherId, ticket, role, left, run: null };
      return { ...now, reserved: [...now.reserved, run] };
    }
    case 'run.released':
      return { ...now, reserved: now.reserved.filter((other) => !isOf(event, other)) };
    case 'run.queued': {
      const { ticket, role } = event;
      const run = { ...specOf(event), ticket, role, dropped: null };
      return withSprint(now, (sprint) => ({ ...sprint, waiting: [...sprint.waiting, run] }));
    }
    case 'run.dropped':
      return withSprint(now, (sprint) => ({
        ...sprint,
        waiting: sprint.waiting.flatMap((run) => {
          if (run.ticket !== event.ticket) return run;
          return event.reason === null ? [] : { ...run, dropped: event.reason };
        }),
      }));
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
      return withSprint({ ...now, runs, trainSeconds }, (sprint) => ({
        ...sprint,
        trainSeconds: sprint.trainSeconds + event.seconds,
      }));
    }
    case 'verdict.given':
      return withSprint(now, (sprint) => ({
        ...sprint,
        verdicts: { ...sprint.verdicts, [event.run]: event.verdict },
      }));
    case 'sprint.closed': {
      const { sprint: id, outcome, reason, metrics } = event;
      const committed = [...now.committed, { sprint: id, outcome, reason, metrics }];
      const failures =
        outcome === 'failed' ? [...now.failures, { code: 'same-failure' as const, reason }] : [];
      return withSprint({ ...now, committed, failures }, (sprint) => ({
        ...sprint,
        closed: { outcome, reason },
      }));
    }
    case 'report.rendered':
      return withSprint(now, (sprint) => ({ ...sprint, rendered: true }));
    case 'sprint.dropped':
      return {
        ...now,
        sprint: null,
        failures: [
          ...now.failures,
          { code: event.ending === 'silent' ? 'no-sprint' : 'same-failure', reason: event.reason },
        ],
      };
    case 'sprint.committed':
      return { ...now, sprint: null };
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
    case 'hint.given':
      return withSprint(now, (sprint) => ({ ...sprint, hints: [...sprint.hints, event.text] }));
    case 'loop.notice':
      return now;
  }
}

/** Whether the last loop left work that the next one has to finish first. */
export const isUnfinished = (state: LoopState): boolean =>
  state.started !== null &&
  (state.stopped === null || state.sprint !== null || Object.keys(state.runs).length > 0);

/** Seconds that a loop worked up to its last event, without the time before a restart when no loop ran. */
export function workedSeconds({ started, workedBefore, lastEventAt }: LoopState): number {
  if (!started || !lastEventAt) return workedBefore;
  return workedBefore + Math.max(0, Date.parse(lastEventAt) - Date.parse(started.at)) / 1000;
}

/**
 * What an unfinished loop has used of its limits, which the next start continues from. `usedBefore` is null
 * where the next start begins a new loop.
 */
export interface Used {
  seconds: number;
  usd: number;
  lastHeardAt: string;
}
export function usedBefore(state: LoopState): Used | null {
  if (!isUnfinished(state) || state.lastEventAt === null) return null;
  const { usd } = bookLostCalls(state);
  return { seconds: workedSeconds(state), usd, lastHeardAt: state.lastEventAt };
}

/** Books each call that a crash cut off at its likely cost. The rest of what it can have cost is held. */
const bookLostCalls = (state: LoopState): LoopState =>
  Object.values(state.calls).reduce(bookLostCall, { ...state, calls: {} });

function bookLostCall(state: LoopState, { most, likely }: OpenCall): LoopState {
  const rest = {
    usd: Math.max(0, most.usd - likely.usd),
    tokens: Math.max(0, most.tokens - likely.tokens),
  };
  return withSprint(
    {
      ...state,
      usd: state.usd + likely.usd,
      tokens: state.tokens + likely.tokens,
      held: plus(state.held, rest),
    },
    (sprint) => ({
      ...sprint,
      cost: { ...sprint.cost, usd: sprint.cost.usd + likely.usd, ...heldBy(sprint, rest.usd) },
    }),
  );
}

const without = <T>(record: Readonly<Record<string, T>>, key: string): Record<string, T> => {
  const { [key]: _gone, ...others } = record;
  return others;
};

const heldBy = ({ cost }: SprintState, usd: number | undefined) =>
  usd ? { heldUsd: (cost.heldUsd ?? 0) + usd } : {};

/** How much of the model's text is kept per sprint. The transcript has the whole text. */
const SAID = { chars: 1500, texts: 300 };

function withText(said: SprintState['said'], at: string, text: string): SprintState['said'] {
  const words = text.trim();
  if (words === '' || said.length >= SAID.texts) return said;
  return [...said, { at, text: cut(words, SAID.chars) }];
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

const plus = (a: Amount, b: Amount | undefined): Amount =>
  b ? { usd: a.usd + b.usd, tokens: a.tokens + b.tokens } : a;

function withSprint(state: LoopState, change: (sprint: SprintState) => SprintState): LoopState {
  return state.sprint ? { ...state, sprint: change(state.sprint) } : state;
}
