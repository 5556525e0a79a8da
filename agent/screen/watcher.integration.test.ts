import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import type { Event } from '#contract/event';
import { committed as committedPaths, eventsPath, inRun, runDir } from '../common/paths.ts';
import { exampleSprint } from '../fixtures/examples.ts';
import { emptyFolder } from '../fixtures/repo.ts';
import { EventLog } from '../journal/events.ts';
import { Watcher } from './watcher.ts';

const RUN = '2026-01-01--00-00-10-base-s0';
const started: Event = {
  ...{ type: 'loop.started', branch: 'run/2026-01-01', profile: 'tiny', leaderboard: 'tiny-00000000' },
  ...{ researcher: 'r', sandbox: 'off', pid: 1, processStart: null, resumed: false },
};
const run: Event = {
  ...{ type: 'run.started', run: RUN, sprint: null, experiment: 'base', settings: {} },
  ...{ samples: 1000, seed: 0, tree: 't', role: undefined },
};
const progress = (samples: number, loss: number): Event => ({
  ...{ type: 'run.progress', run: RUN, samples, totalSamples: 1000, samplesPerSecond: 10, etaSeconds: 1 },
  values: { loss },
});
const turn = { usd: 0, tokens: 0 };

let repo: string;
let log: EventLog;
const emit = (...events: Event[]) => {
  for (const event of events) log.emit(event);
};
beforeEach(() => {
  repo = emptyFolder();
  ({ log } = EventLog.open(eventsPath(repo)));
});

it('follows a loop from its event log and its run folders', () => {
  const watcher = new Watcher(repo);
  expect(watcher.read()).toEqual([]);
  expect(watcher.now()).toMatchObject({ state: { started: null }, alive: false, runs: [], best: null });
  emit(started, run, progress(250, 4), progress(500, 2));
  expect(watcher.read()).toHaveLength(4);
  expect(watcher.now().runs[0]).toMatchObject({ id: RUN, ended: null, total: 1000, evals: [] });
  expect(watcher.now().runs[0]?.log.map(({ values }) => values.loss)).toEqual([4, 2]);
  // A run that is continued logs from where it was saved.
  emit(
    { type: 'run.finished', run: RUN, status: 'killed', reason: 'stopped', seconds: 1 },
    run,
    progress(400, 3),
  );
  watcher.read();
  expect(watcher.now().runs[0]).toMatchObject({ ended: null });
  expect(watcher.now().runs[0]?.log.map(({ samples }) => samples)).toEqual([250, 400]);
  emit({ type: 'run.finished', run: RUN, status: 'finished', reason: null, seconds: 1 });
  watcher.read();
  expect(watcher.now().runs[0]).toMatchObject({ ended: { status: 'finished' }, evals: [] });
  const { evals } = inRun(runDir(repo, RUN));
  mkdirSync(dirname(evals), { recursive: true });
  writeFileSync(evals, '{"samples":500,"evaluationSamples":5,"metrics":{"f1":0.25}}\n');
  watcher.read();
  expect(watcher.now().runs[0]?.evals).toHaveLength(1);
  expect(watcher.now().said.map((line) => line.trim())).toContain(`run ${RUN}`);
});

it('keeps a thousand points of a curve, evenly over the run, and the last of them', () => {
  const long = Array.from({ length: 3001 }, (_, i) => ({ ...progress(i, i), totalSamples: 3000 }));
  emit(started, run, ...long);
  const watcher = new Watcher(repo);
  watcher.read();
  const points = watcher.now().runs[0]?.log ?? [];
  expect(points.map(({ values }) => values.loss)).toEqual([
    ...Array.from({ length: 1000 }, (_, i) => 3 * i + 2),
    3000,
  ]);
});

it('follows the runs of several researchers side by side', () => {
  const watcher = new Watcher(repo);
  const of = (researcherId: string, ...events: Event[]) => {
    for (const event of events) log.emit({ ...event, run: `${researcherId}-run` } as Event, researcherId);
  };
  emit(started);
  of('researcher-10', run, progress(250, 4));
  of('researcher-2', run, progress(500, 2));
  watcher.read();
  const shown = () =>
    watcher.now().runs.map(({ researcherId, ended, log }) => [researcherId, ended?.status, log.length]);
  expect(shown()).toEqual([
    ['researcher-2', undefined, 1],
    ['researcher-10', undefined, 1],
  ]);
  // The last run of a researcher stays until its next one.
  const finished: Event = { type: 'run.finished', run: RUN, status: 'finished', reason: null, seconds: 1 };
  of('researcher-2', finished);
  watcher.read();
  expect(shown()[0]).toEqual(['researcher-2', 'finished', 1]);
  log.emit(run, 'researcher-2');
  watcher.read();
  expect(watcher.now().runs.map(({ id }) => id)).toEqual([RUN, 'researcher-10-run']);
});

it('counts the runs on secret worlds', () => {
  const watcher = new Watcher(repo);
  const confirming = () => {
    watcher.read();
    return watcher.now().confirming;
  };
  emit(started, {
    ...{ type: 'confirm.started', sprint: null, run: RUN, nth: 1, key: 'k', best: 'first', pairs: 4 },
  });
  emit({ type: 'confirm.measured', sprint: null, of: 'best', draw: 0, value: 1, seconds: 1 });
  expect(confirming()).toEqual({ researcherId: 'researcher-1', measured: 1, most: 8 });
  emit({ type: 'confirm.finished', sprint: null, run: RUN, result: 'small', reason: 'r' });
  expect(confirming()).toBeNull();
});

it('knows the call under way, and that it has ended', () => {
  const watcher = new Watcher(repo);
  const call = () => {
    watcher.read();
    return watcher.now().call;
  };
  emit(started, { type: 'sprint.opened', number: 1, treeBefore: 't' });
  emit({ type: 'turn.started', sprint: null, reserve: turn });
  expect(call()).toMatchObject({ searching: false });
  emit({ type: 'turn.searching', sprint: null });
  expect(call()).toMatchObject({ searching: true });
  emit({ type: 'turn.failed', sprint: null, reason: 'overloaded' });
  expect(call()).toBeNull();
});

it('begins anew with the next loop, and shows the best of the closed sprints', () => {
  emit(started, run, { type: 'loop.stopped', reason: 'done', exitCode: 0 });
  const watcher = new Watcher(repo);
  watcher.read();
  expect(watcher.now().state.stopped).toMatchObject({ reason: 'done' });
  log.close();
  renameSync(eventsPath(repo), `${eventsPath(repo)}.old`);
  const best = exampleSprint();
  const file = join(repo, committedPaths.record(best.id));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(best));
  ({ log } = EventLog.open(eventsPath(repo)));
  emit(started);
  watcher.read();
  expect(watcher.now()).toMatchObject({
    ...{ runs: [], confirming: null },
    state: { stopped: null },
    best: { number: 1, title: 'Base', confirmed: null },
  });
});
