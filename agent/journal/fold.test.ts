import { expect, it } from 'vitest';
import type { Event } from '#contract/event';
import { FIRST_RESEARCHER } from '#contract/run';
import { folded, handJournal, loopStarted } from '../fixtures/journal.ts';
import { isUnfinished, openSprints } from './state.ts';

const started = (leaderboard: string, resumed = false) => loopStarted({ leaderboard, resumed });
const opened: Event = { type: 'sprint.opened', number: 1, treeBefore: '' };

it('knows the leaderboard of the sprint that was opened last, also after TASK.md was edited', () => {
  expect(folded().leaderboard).toBeNull();
  expect(folded(started('old'), opened).leaderboard).toBe('old');
  expect(folded(started('old'), { ...opened, leaderboard: 'new' }).leaderboard).toBe('new');
  expect(folded(started('old'), { ...opened, leaderboard: 'new' }, started('newer', true)).leaderboard).toBe(
    'newer',
  );
});

it("knows that a sprint was finished by its own accepted finish_sprint, not by a refused one or the last sprint's", () => {
  const called = (ok: boolean): Event => ({
    ...{ type: 'tool.finished', sprint: null, name: 'finish_sprint', summary: '', ok, seconds: 0 },
  });
  const finished = (...events: Event[]) =>
    folded(started('x'), opened, ...events).sprints[FIRST_RESEARCHER]?.finished;
  expect(finished(called(false))).toBe(false);
  expect(finished(called(true))).toBe(true);
  expect(finished(called(true), { ...opened, number: 2 })).toBe(false);
});

it('counts the looks of a sprint by inspect, without refused calls and over a restart', () => {
  const called = (name: string, ok = true): Event => ({
    ...{ type: 'tool.finished', sprint: null, name, summary: '', ok, seconds: 0 },
  });
  const looks = [called('inspect'), called('inspect', false), called('bash'), called('inspect')];
  const counted = (...events: Event[]) =>
    folded(started('x'), opened, ...events).sprints[FIRST_RESEARCHER]?.inspections;
  expect(counted()).toBe(0);
  expect(counted(...looks, started('x', true))).toBe(2);
  expect(counted(...looks, { ...opened, number: 2 })).toBe(0);
});

it('counts how often a sprint was cut off, and not how often its loop was stopped', () => {
  const stopped: Event = { type: 'loop.stopped', reason: 'Ctrl-C', exitCode: 130 };
  const resumed = (...events: Event[]) =>
    folded(started('x'), opened, ...events).sprints[FIRST_RESEARCHER]?.resumed;
  expect(resumed(started('x', true), started('x', true))).toBe(2);
  expect(resumed(stopped, started('x', true), stopped, started('x', true))).toBe(0);
  expect(resumed(stopped, started('x', true), started('x', true))).toBe(1);
});

it('knows which runs wait for the device, and which of them will not start any more', () => {
  const queued = (ticket: string): Event => ({
    ...{
      type: 'run.queued',
      sprint: 's',
      ticket,
      experiment: 'plain',
      samples: 1,
      seed: 0,
      settings: {},
      tree: 't',
    },
  });
  const begun: Event = {
    ...{ type: 'run.started', run: 'r', ticket: 'a', sprint: 's', experiment: 'plain' },
    ...{ settings: {}, samples: 1, seed: 0, tree: 't' },
  };
  const { [FIRST_RESEARCHER]: sprint } = folded(
    ...[started('x'), opened, queued('a'), queued('b'), queued('c'), queued('d'), begun],
    { type: 'run.dropped', ticket: 'b', reason: null },
    { type: 'run.dropped', ticket: 'c', reason: 'no time' },
  ).sprints;
  expect(sprint?.waiting.map(({ ticket, dropped }) => [ticket, dropped])).toEqual([
    ['c', 'no time'],
    ['d', null],
  ]);
  expect(sprint?.tickets).toEqual({ r: 'a' });
});

it('knows why a run waits in the queue of a cluster, and counts its time from when it trains', () => {
  const begun: Event = {
    ...{ type: 'run.started', run: 'r', sprint: 's', experiment: 'plain', samples: 1, seed: 0 },
    ...{ settings: {}, tree: 't' },
  };
  const waits = (reason: string | null): Event => ({ type: 'run.waiting', run: 'r', reason });
  const { journal, time } = handJournal(started('x'), opened, begun);
  const tell = (reason: string | null) => {
    time.seconds += 10;
    journal.emit(waits(reason));
    return journal.state().runs.r;
  };
  const { startedAt: at } = journal.state().runs.r ?? {};
  // A job that trains when the loop comes to it never waited.
  expect(tell(null)?.startedAt).toBe(at);
  expect(tell('Resources')).toMatchObject({ waits: 'Resources', startedAt: at });
  expect(tell('Priority')?.waits).toBe('Priority');
  const trains = tell(null);
  expect(trains).not.toHaveProperty('waits');
  expect(Date.parse(trains?.startedAt ?? '') - Date.parse(at ?? '')).toBe(40_000);
  // Taken from its node, it waits again.
  expect(tell('BeginTime')?.waits).toBe('BeginTime');
});

it('keeps the open sprints of researchers apart: what one does changes no other', () => {
  const { journal } = handJournal(started('x'), opened);
  const second = journal.by('researcher-2');
  second.emit({ ...opened, number: 2 });
  second.emit({ type: 'sprint.claimed', sprint: 'b', number: 2, title: 'B', idea: '', predicted: {} });
  const begun: Event = {
    ...{ type: 'run.started', run: 'r', ticket: 'a', sprint: 'b', experiment: 'plain' },
    ...{ settings: {}, samples: 1, seed: 0, tree: 't' },
  };
  second.emit(begun);
  second.emit({ type: 'run.finished', run: 'r', status: 'finished', reason: null, seconds: 5 });
  expect(
    openSprints(journal.state()).map(({ number, runs, trainSeconds }) => [number, runs, trainSeconds]),
  ).toEqual([
    [1, [], 0],
    [2, ['r'], 5],
  ]);
  expect([journal.sprint?.claim, second.sprint?.claim?.id]).toEqual([null, 'b']);
  journal.emit(started('x', true));
  expect(openSprints(journal.state()).map(({ resumed }) => resumed)).toEqual([1, 1]);
  second.emit({ type: 'sprint.committed', sprint: 'b', commit: 'c', branch: 'run/x' });
  expect(openSprints(second.state()).map(({ number }) => number)).toEqual([1]);
  expect(isUnfinished(journal.state())).toBe(true);
});

it('has the outcome that a best came to at the end of its night', () => {
  const closed: Event = {
    ...{ type: 'sprint.closed', sprint: 'a', number: 1, outcome: 'new-best', reason: 'better' },
    ...{ metrics: { f1: 0.7 }, usd: 0, seconds: 1 },
  };
  const checked: Event = { type: 'sprint.checked', sprint: 'a', outcome: 'held', reason: 'it does not hold' };
  const committed = [{ sprint: 'a', outcome: 'held', reason: 'it does not hold', metrics: { f1: 0.7 } }];
  expect(folded(started('x'), opened, closed, checked).committed).toEqual(committed);
});

it('knows which committed sprints lack a report, also over a restart', () => {
  const claimed = (id: string): Event => ({
    ...{ type: 'sprint.claimed', sprint: id, number: 1, title: '', idea: '', predicted: {} },
  });
  const committed = (id: string): Event => ({
    ...{ type: 'sprint.committed', sprint: id, commit: 'c', branch: 'b' },
  });
  const rendered = (id: string): Event => ({
    ...{ type: 'report.rendered', sprint: id, files: [], trouble: null, seconds: 0 },
  });
  const lacking = (...events: Event[]) => folded(started('x'), opened, claimed('a'), ...events).unreported;
  expect(lacking(rendered('a'), committed('a'))).toEqual([]);
  expect(lacking(committed('a'), started('x', true))).toEqual(['a']);
  expect(lacking(committed('a'), opened, claimed('b'), rendered('a'))).toEqual([]);
  // The late report of one sprint is not that of the next.
  const late = [committed('a'), opened, claimed('b'), rendered('a'), committed('b')];
  expect(lacking(...late)).toEqual(['b']);
});
