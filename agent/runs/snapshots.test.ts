import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { JudgeRequest } from '../executor/judging.ts';
import { type LoopParts, Snapshots } from './snapshots.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});
const trainFor = (seconds: number) => vi.advanceTimersByTime(1000 * seconds);

/** Judges that say what was asked of them. */
function snapshots({ judgeAhead = true } = {}) {
  const asked: string[] = [];
  const keys: unknown[] = [];
  const loop = {
    config: { task: { contract: { judgeAhead } }, profile: { timeout: 1 }, repo: '/repo' },
    stopper: { hard: new AbortController().signal },
  } as unknown as LoopParts;
  const note = (what: string, { runDir, drawn }: JudgeRequest) => {
    keys.push(drawn?.key);
    asked.push(`${what} ${runDir.slice(-1)}`);
  };
  const judge = {
    ahead: (request: JudgeRequest) => {
      note('follow', request);
      const end = async () => {
        await new Promise(setImmediate);
        note('ended', request);
      };
      return { end };
    },
    now: async (request: JudgeRequest) => {
      note('measure', request);
      return [];
    },
  };
  return { under: new Snapshots(loop, judge), asked, keys };
}

it('has the judge that has followed a run end before another measures the rest, on the same rows', async () => {
  const { under, asked, keys } = snapshots();
  for (const run of ['a', 'b']) under.follow(run);
  trainFor(20);
  for (const run of ['a', 'b']) await under.measure(run, null);
  await under.end('a');
  expect(asked).toEqual(['follow a', 'follow b', 'ended a', 'measure a', 'ended b', 'measure b']);
  const [a, b] = keys;
  expect(a).toMatch(/^[0-9a-f]{64}$/);
  expect(b).not.toBe(a);
  expect(keys).toEqual([a, b, a, a, b, b]);
});

it('measures at the end alone where the task’s judge knows of nothing else, on rows of its choice', async () => {
  const { under, asked, keys } = snapshots({ judgeAhead: false });
  under.follow('a');
  trainFor(20);
  await under.measure('a', null);
  expect([asked, keys]).toEqual([['measure a'], [undefined]]);
});

it('ends the judge that follows a run that does not finish', async () => {
  const { under, asked } = snapshots();
  under.follow('a');
  trainFor(20);
  await under.end('a');
  expect(asked).toEqual(['follow a', 'ended a']);
});

it('follows no run that trains for some seconds alone', async () => {
  const { under, asked } = snapshots();
  for (const run of ['a', 'b']) under.follow(run);
  trainFor(19);
  await under.measure('a', null);
  await under.end('b');
  trainFor(60);
  expect(asked).toEqual(['measure a']);
});
