import type { LoggedEvent } from '#contract/event';
import { without, withSprint } from './change.ts';
import { type LoopState, workedSeconds } from './state.ts';

type SprintEvent = Extract<
  LoggedEvent,
  {
    type:
      | `sprint.${string}`
      | `confirm.${string}`
      | 'tool.finished'
      | 'verdict.given'
      | 'report.rendered'
      | 'hint.given'
      | 'note.taken';
  }
>;

/** The state after an event of a sprint: opened, worked on, judged, closed, reported, committed. */
export function foldSprint(now: LoopState, event: SprintEvent): LoopState {
  const by = event.researcherId;
  switch (event.type) {
    case 'sprint.opened':
      return {
        ...now,
        leaderboard: event.leaderboard ?? now.leaderboard,
        started: now.started && {
          ...now.started,
          researcher: event.researcher ?? now.started.researcher,
          limits: event.limits ?? now.started.limits,
        },
        sprints: {
          ...now.sprints,
          [by]: {
            number: event.number,
            researcherId: by,
            openedAt: event.at,
            openedAfter: workedSeconds(now),
            treeBefore: event.treeBefore,
            leaderboard: event.leaderboard ?? null,
            fullRunOf: event.fullRunOf ?? null,
            combines: event.combines ?? null,
            handed: event.handed ?? null,
            claim: null,
            runs: [],
            tickets: {},
            waiting: [],
            hints: event.hints ? [event.hints] : [],
            verdicts: {},
            inspections: 0,
            finished: false,
            closed: null,
            rendered: false,
            resumed: 0,
            models: [],
            said: [],
            cost: { usd: 0, turns: 0, inputTokens: 0, cachedInputTokens: 0, outputTokens: 0 },
            trainSeconds: 0,
            confirmSeconds: 0,
            capped: null,
          },
        },
      };
    case 'sprint.claimed': {
      const { sprint: id, title, idea, predicted, hintAnswers } = event;
      return withSprint(now, by, (sprint) => ({
        ...sprint,
        claim: { id, title, idea, predicted, hintAnswers },
      }));
    }
    case 'sprint.capped':
      return withSprint(now, by, (sprint) => ({
        ...sprint,
        capped: { reason: event.reason, turns: sprint.cost.turns },
      }));
    case 'hint.given':
      return withSprint(now, by, (sprint) => ({ ...sprint, hints: [...sprint.hints, event.text] }));
    case 'note.taken':
      return { ...now, notes: [...now.notes, event.note] };
    case 'tool.finished':
      return withSprint(
        { ...now, lastAction: event.summary === '' ? event.name : `${event.name}: ${event.summary}` },
        by,
        (sprint) => ({
          ...sprint,
          inspections: sprint.inspections + Number(event.ok && event.name === 'inspect'),
          finished: sprint.finished || (event.ok && event.name === 'finish_sprint'),
        }),
      );
    case 'verdict.given':
      return withSprint(now, by, (sprint) => ({
        ...sprint,
        verdicts: { ...sprint.verdicts, [event.run]: event.verdict },
      }));
    case 'confirm.measured': {
      const { seconds } = event;
      const both = {
        confirmSeconds: now.confirmSeconds + seconds,
        // They hold the device, and a limit of training hours is one of the device.
        trainSeconds: now.trainSeconds + seconds,
      };
      return withSprint({ ...now, ...both }, by, (sprint) => ({
        ...sprint,
        confirmSeconds: sprint.confirmSeconds + seconds,
      }));
    }
    case 'confirm.started':
    case 'confirm.finished':
      return now;
    case 'sprint.closed': {
      const { sprint: id, outcome, reason, metrics } = event;
      const committed = [...now.committed, { sprint: id, outcome, reason, metrics }];
      const failures =
        outcome === 'failed' ? [...now.failures, { code: 'same-failure' as const, reason }] : [];
      // Its record has them now.
      const notes = now.notes.filter(({ researcherId }) => researcherId !== by);
      return withSprint({ ...now, committed, failures, notes }, by, (sprint) => ({
        ...sprint,
        closed: { outcome, reason },
      }));
    }
    case 'sprint.checked': {
      const { sprint, outcome, reason } = event;
      const committed = now.committed.map((one) =>
        one.sprint === sprint ? { ...one, outcome, reason } : one,
      );
      return { ...now, committed };
    }
    case 'report.rendered': {
      const unreported = now.unreported.filter((id) => id !== event.sprint);
      // That of a committed sprint may come when the next one is open.
      return withSprint({ ...now, unreported }, by, (sprint) => ({
        ...sprint,
        rendered: sprint.rendered || sprint.claim?.id === event.sprint,
      }));
    }
    case 'sprint.dropped':
      return {
        ...now,
        sprints: without(now.sprints, by),
        failures: [
          ...now.failures,
          { code: event.ending === 'silent' ? 'no-sprint' : 'same-failure', reason: event.reason },
        ],
      };
    case 'sprint.committed': {
      const lacks = now.sprints[by]?.rendered === false ? [event.sprint] : [];
      const unreported = [...now.unreported, ...lacks];
      return { ...now, unreported, sprints: without(now.sprints, by) };
    }
  }
}
