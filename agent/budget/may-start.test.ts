import { describe, expect, it } from 'vitest';
import { specOf } from '#contract/run';
import type { Sprint, SprintRun } from '#contract/sprint';
import type { Limits } from '../config/config.ts';
import { best, bestSprint, run, stagedLoop } from '../fixtures/staged.ts';
import { type AskedRun, mayRepeat, mayStart, mayStillStart, reserveRun } from './may-start.ts';
import type { RunsSoFar } from './plan.ts';

const room = () => 1e12;
const seen = (sprints: Sprint[], mine: SprintRun[] = []): RunsSoFar => ({ sprints, mine });
const ask = (of: SprintRun, samples: number, more: Partial<AskedRun> = {}): AskedRun => ({
  ...{ sprint: 's', ticket: 'queued-1', spec: { ...specOf(of), samples }, reference: null },
  ...more,
});
/**
 * Whether a run may start in a loop with this many seconds left, while the device is reserved for the runs
 * in `open`.
 */
const may = (
  secondsLeft: number,
  asked: AskedRun,
  soFar: RunsSoFar,
  { open = [], ...over }: Partial<Limits> & { open?: [of: SprintRun, samples: number][] } = {},
) => {
  const { loop } = stagedLoop(secondsLeft, over);
  for (const [i, [of, samples]] of open.entries())
    reserveRun(loop, { sprint: 's', ticket: `queued-${i + 7}`, spec: { ...specOf(of), samples } });
  return mayStart(loop, asked, soFar, room);
};

describe('a second seed', () => {
  const idea = run('idea', 100, 0.6);
  const there = seen([bestSprint(run('best', 100, 0.5))], [idea]);
  const full = { ...specOf(run('other', 1000, 0.5)), seed: 1 };

  it('has to end, and be judged, before the loop does; what exists needs no time', () => {
    const repeat = (seconds: number, ...specs: (typeof full)[]) =>
      mayRepeat(stagedLoop(seconds).loop, specs, there, room);
    expect(repeat(100, full, full)).toBeNull();
    expect(repeat(20, full, full)).toMatchObject({
      code: 'time',
      reason: 'it takes about 22 s, and 20 s are left',
    });
    expect(repeat(-1)).toBeNull();
    expect(mayRepeat(stagedLoop(100).loop, [full], there, () => 0)?.code).toBe('disk');
  });

  it('leaves the time that the last full run is kept for', () => {
    expect(mayRepeat(stagedLoop(21).loop, [full], there, room)?.code).toBe('kept');
  });
});

describe('a run and the time that is left', () => {
  const idea = run('idea', 100, 0.6);
  const there = seen([bestSprint(run('best', 100, 0.5))], [idea]);

  it('has to end, and be judged, before the loop does', () => {
    expect(may(2.5, ask(idea, 100), there)).toBeNull();
    // The training alone would fit.
    expect(may(1.5, ask(idea, 100), there)).toMatchObject({
      code: 'time',
      reason: expect.stringMatching(
        /^100 samples take about 1.0 s at 100 samples\/s, and their judging 1.0 s; 1.5 s are left; at most \d+ samples/,
      ),
    });
    expect(may(-1, ask(idea, 100), there)).toMatchObject({
      code: 'time',
      reason: expect.stringMatching(/^no time is left for training: .*finish_sprint/),
    });
  });

  it('counts the runs before it, the comparison that goes with it, and the hours of training', () => {
    const other = run('other', 100, 0.4);
    expect(may(4, ask(idea, 100), there, { open: [[other, 300]] })?.reason).toContain(
      'after 3.0 s of runs before it',
    );
    const reference = { ticket: 'queued-2', spec: specOf(idea) };
    expect(may(2.5, ask(idea, 100, { reference }), there)?.code).toBe('time');
    expect(may(100, ask(idea, 100), there, { trainHours: 1 / 3600 })?.reason).toContain('1.0 s are left');
  });

  it('has to end before the hours of its sprint do', () => {
    const { time, loop } = stagedLoop(10_000, { sprint: { usd: null, hours: 0.01, turns: 200 } });
    time.seconds = 100;
    loop.journal.emit({ type: 'sprint.opened', number: 1, treeBefore: '' });
    // 34.5 of its 36 s are over.
    time.seconds = 134.5;
    expect(mayStart(loop, ask(idea, 100), there, room)?.reason).toContain('1.5 s are left');
    expect(mayStillStart(loop, specOf(idea), there, undefined, room)?.code).toBe('time');
    time.seconds = 133.9;
    expect(mayStart(loop, ask(idea, 100), there, room)).toBeNull();
  });

  it('counts of a run before it what its trainer says is left', () => {
    const { loop } = stagedLoop(4);
    reserveRun(loop, { sprint: 's', ticket: 'queued-7', spec: { ...specOf(idea), samples: 300 } });
    expect(mayStart(loop, ask(idea, 100), there, room)?.code).toBe('time');
    loop.journal.emit({
      ...{ type: 'run.started', run: 'r', ticket: 'queued-7', sprint: 's', ...specOf(idea) },
    });
    loop.journal.emit({
      ...{ type: 'run.progress', run: 'r', samples: 250, totalSamples: 300, samplesPerSecond: 100 },
      ...{ etaSeconds: 0.5, values: {} },
    });
    expect(mayStart(loop, ask(idea, 100), there, room)).toBeNull();
  });

  it('needs disk, too', () => {
    const { loop } = stagedLoop(100);
    expect(mayStart(loop, ask(idea, 100), there, () => 1e8)).toMatchObject({
      code: 'disk',
      reason: expect.stringContaining('only 100 MB are free'),
    });
    expect(loop.journal.state().reserved).toEqual([]);
    expect(mayStillStart(loop, specOf(idea), there, undefined, () => 1e8)?.code).toBe('disk');
  });

  it('has to have that time still when its turn on the device comes; only the comparison is not judged', () => {
    const spec = { ...specOf(idea), samples: 100 };
    const still = (seconds: number, soFar = there, role?: 'incumbent') =>
      mayStillStart(stagedLoop(seconds).loop, spec, soFar, role, room);
    expect(still(2.5)).toBeNull();
    expect(still(1.5)).toEqual({
      code: 'time',
      reason: '1.5 s are left; that is too short for 100 samples and their judging',
    });
    expect(still(1.5, there, 'incumbent')).toBeNull();
    expect(still(-1, seen([]))?.reason).toContain('0 s are left');
  });

  it('has the device booked for it, and for the comparison, until it is released', () => {
    const { time, loop } = stagedLoop(20);
    const reference = { ticket: 'queued-2', spec: { ...specOf(best), samples: 100 } };
    expect(mayStart(loop, ask(idea, 100, { reference }), there, room)).toBeNull();
    expect(loop.journal.state().reserved).toMatchObject([
      { ticket: 'queued-1', researcherId: 'researcher-1', tree: 'idea', samples: 100, left: 100 },
      { ticket: 'queued-2', role: 'incumbent', tree: 'best' },
    ]);
    time.seconds = 16.5;
    const next = ask(idea, 90, { ticket: 'queued-3' });
    expect(mayStart(loop, next, there, room)?.reason).toContain('after 2.0 s of runs before it');
    loop.journal.emit({ type: 'run.released', ticket: 'queued-1' });
    expect(mayStart(loop, next, there, room)).toBeNull();
  });
});

describe('the last full run', () => {
  const idea = run('idea', 100, 0.52);
  const better = run('better', 100, 0.6);
  const other = run('other', 100, 0.4);
  const there = seen([bestSprint(run('best', 100, 0.5))], [idea, better, other]);

  it('is kept for the best candidate, which may skip its rank run then', () => {
    expect(may(14, ask(other, 90), there)).toBeNull();
    expect(may(12, ask(other, 100), there)).toMatchObject({
      code: 'kept',
      reason: expect.stringContaining(`best candidate so far, ${better.id}. Start`),
    });
    expect(may(12, ask(better, 1000), there)).toBeNull();
    expect(may(12, ask(idea, 1000), there)).toMatchObject({
      code: 'unearned',
      reason: expect.stringContaining('a full run has to be earned'),
    });
    // While two full runs fit, a full run has to be earned.
    expect(may(30, ask(better, 1000), there)?.code).toBe('unearned');
  });

  it('does not hold back what comes after it was started, or when it cannot be had any more', () => {
    expect(may(14, ask(other, 100), there, { open: [[better, 1000]] })).toBeNull();
    expect(may(5, ask(other, 100), there)).toBeNull();
  });
});

describe('two researchers', () => {
  const idea = run('idea', 100, 0.6);
  const there = seen([bestSprint(run('best', 100, 0.5))], [idea]);

  it('cannot both take the last slot: what the one has booked is not left for the other', () => {
    const { loop, by } = stagedLoop(14);
    const second = by('researcher-2');
    // Both use the same ticket: tickets are unique within one researcher only.
    expect(mayStart(loop, ask(idea, 1000), there, room)).toBeNull();
    expect(mayStart(second, ask(idea, 1000), there, room)).toMatchObject({
      code: 'time',
      reason: expect.stringContaining('after 10 s of runs before it'),
    });
    expect(mayStart(second, ask(idea, 90), there, room)).toBeNull();
    expect(loop.journal.state().reserved.map((one) => [one.researcherId, one.samples])).toEqual([
      ['researcher-1', 1000],
      ['researcher-2', 90],
    ]);
    second.journal.emit({ type: 'run.released', ticket: 'queued-1' });
    expect(second.journal.state().reserved.map((one) => one.researcherId)).toEqual(['researcher-1']);
    loop.journal.emit({ type: 'run.released', ticket: 'queued-1' });
    expect(mayStart(second, ask(idea, 1000), there, room)).toBeNull();
  });
});
