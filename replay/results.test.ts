import { describe, expect, it } from 'vitest';
import { bestKnownOf, parseLedger, parseRun, runIdOf, sprintFolderOf } from './results.ts';

describe('reading what the tools print', () => {
  it('reads the ledger by its columns', () => {
    const text = `## Ledger (leaderboard small-1a2b3c4d)

| # | id | title | outcome | f1 | mcc | l0 | predicted | reason |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
| 1 | 2026-02-19--10-37-batchtopk-baseline | Batch \\| TopK | new-best | 0.5812 | 0.69 | 3.55 |  | f1 0.5812, the first |
| 2 | 2026-02-19--10-39-matryoshka-levels | Levels | failed |  |  |  | f1 0.58 | every run went wrong |
| 3 | 2026-02-19--10-41-tools | Tools | no-gain (infrastructure kept) | 0.58 |  |  |  | same |

Present best: sprint 1 (2026-02-19--10-37-batchtopk-baseline), run r, f1 0.5812.`;
    expect(parseLedger(text)).toEqual([
      {
        number: 1,
        id: '2026-02-19--10-37-batchtopk-baseline',
        outcome: 'new-best',
        metrics: { f1: 0.5812, mcc: 0.69, l0: 3.55 },
      },
      { number: 2, id: '2026-02-19--10-39-matryoshka-levels', outcome: 'failed', metrics: {} },
      { number: 3, id: '2026-02-19--10-41-tools', outcome: 'no-gain', metrics: { f1: 0.58 } },
    ]);
    expect(parseLedger('No sprint has been closed on this leaderboard yet.')).toEqual([]);
  });

  it('reads a run: how it ended, what it claims, what was measured', () => {
    const head = '| run | experiment | set | samples | seed | status | claimed | measured | verified |';
    const line = head.replace(/[^|]+/g, ' --- ');
    const row = (status: string, measured: string) =>
      `${head}\n${line}\n| r-s0 | candidate |  | 4096000 | 0 | ${status} | loss 1.2e-3, l0 3.55 | ${measured} |  |`;
    expect(parseRun(row('finished', 'f1 0.71, mcc 0.6'))).toEqual({
      run: 'r-s0',
      status: 'finished',
      reason: '',
      claimed: { loss: 0.0012, l0: 3.55 },
      measured: { f1: 0.71, mcc: 0.6 },
    });
    expect(parseRun(row('diverged: loss is NaN: step 7', ''))).toMatchObject({
      status: 'diverged',
      reason: 'loss is NaN: step 7',
      measured: {},
    });
    expect(parseRun('The loop is being stopped; the run will be ended.')).toBeNull();
  });

  it('finds ids, folders and the commit', () => {
    expect(runIdOf('Run 2026-02-19--10-37-12-candidate-s0 has started (4 samples).')).toBe(
      '2026-02-19--10-37-12-candidate-s0',
    );
    expect(runIdOf('Queued as queued-2 (4 samples): it starts when')).toBe('queued-2');
    expect(runIdOf('The disk is full.')).toBeNull();
    expect(sprintFolderOf('Its folder is sprints/2026-02-19--10-37-x-2/; write')).toBe(
      'sprints/2026-02-19--10-37-x-2',
    );
    expect(sprintFolderOf('this sprint is 2026-02-19--10-37-x already; one idea a sprint')).toBe(
      'sprints/2026-02-19--10-37-x',
    );
    expect(sprintFolderOf('the disk is full')).toBeNull();
    expect(bestKnownOf('- best-known workspace: 0123abc\n- seed')).toBe('0123abc');
    expect(bestKnownOf('nothing of the kind')).toBeNull();
  });
});
