import { expect, it } from 'vitest';
import type { RunRecord } from '#contract/run';
import type { Verdict } from '#contract/verdict';
import type { JudgeRequest } from '../executor/judging.ts';
import { type LoopParts, Verdicts } from './verdicts.ts';

const verdict = (run: string) => ({ run }) as Verdict;
const run = (more: Partial<RunRecord> = {}) =>
  ({ id: 'a', status: 'finished', seconds: 9, ...more }) as RunRecord;

/** Judges that say what was asked of them; `ahead` is what one that has begun ahead gives. */
function verdicts(ahead: () => Promise<Verdict | null> = async () => verdict('ahead'), judgeAhead = true) {
  const asked: string[] = [];
  const keys: unknown[] = [];
  const task = {
    contract: { judgeAhead, metric: 'f1', goal: 'max', constraints: {}, guards: {}, tooGood: {}, gains: [] },
  };
  const profile = { noise: { full: 0.01 }, constraints: {}, guards: {}, confirm: false, evaluation: {} };
  const sprints: unknown[] = [];
  const loop = {
    config: { task, profile, repo: '/repo', leaderboard: 'board' },
    ledger: { sprints },
    stopper: { hard: new AbortController().signal },
    secrets: null,
  } as unknown as LoopParts;
  const under = new Verdicts(loop, {
    ahead: ({ runDir, drawn }: JudgeRequest) => {
      keys.push(drawn?.key);
      asked.push(`begin ${runDir}`);
      return {
        now: () => {
          asked.push('now');
          return ahead();
        },
        end: async () => {
          asked.push('end');
        },
      };
    },
    now: async ({ runDir, drawn }: JudgeRequest) => {
      keys.push(drawn?.key);
      asked.push(`judge ${runDir}`);
      return verdict('afresh');
    },
  });
  return { under, asked, keys };
}
const [begin, judge] = ['begin /repo/checkpoints/a', 'judge /repo/checkpoints/a'];

it('asks the judge that has begun when the run ended', async () => {
  const { under, asked } = verdicts();
  under.begin(run());
  expect(await under.of(run())).toEqual(verdict('ahead'));
  expect(asked).toEqual([begin, 'now']);
});

it('asks another where the one that had begun came to nothing before it was asked', async () => {
  const { under, asked } = verdicts(async () => null);
  under.begin(run());
  expect(await under.of(run())).toEqual(verdict('afresh'));
  expect(asked).toEqual([begin, 'now', judge]);
});

it('has all judges of a run draw the same rows, and of another run or sprint others that nobody can know', async () => {
  const { under, keys } = verdicts(async () => null);
  under.begin(run());
  await under.of(run());
  under.begin(run({ id: 'b' }));
  await under.of(run());
  const [first, second, other, third] = keys;
  expect(first).toMatch(/^[0-9a-f]{64}$/);
  expect([second, third]).toEqual([first, first]);
  expect(other).not.toBe(first);
  const next = verdicts();
  await next.under.of(run());
  expect(next.keys[0]).not.toBe(first);
  const unaware = verdicts(undefined, false);
  await unaware.under.of(run());
  expect(unaware.keys).toEqual([undefined]);
});

it('asks no other judge once one has measured', async () => {
  const { under, asked } = verdicts(() => Promise.reject(new Error('the encoder is refused')));
  under.begin(run());
  await expect(under.of(run())).rejects.toThrow('refused');
  expect(asked).toEqual([begin, 'now']);
});

it('has one for the last run alone, and none where the start is a small part, no best can come or the judge knows of none', async () => {
  const { under, asked } = verdicts();
  under.begin(run({ seconds: 1000 }));
  under.begin(run({ from: 'another' }));
  under.begin(run({ status: 'failed' }));
  const unaware = verdicts(undefined, false);
  unaware.under.begin(run());
  expect([...asked, ...unaware.asked]).toEqual([]);
  under.begin(run({ id: 'b' }));
  under.begin(run());
  under.begin(run({ id: 'c' }));
  expect(await under.of(run())).toEqual(verdict('afresh'));
  expect(asked.filter((word) => word === 'end')).toHaveLength(3);
  expect(asked.at(-1)).toBe(judge);
});
