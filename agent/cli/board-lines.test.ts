import { expect, it } from 'vitest';
import { exampleSprint, exampleTask, exampleVerdict } from '../fixtures/examples.ts';
import type { BranchSprint } from '../ledger/all-branches.ts';
import { boardsOf } from '../ledger/boards.ts';
import { boardLines } from './board-lines.ts';

const made = (branch: string, number: number, f1: number | null, more: object = {}): BranchSprint => ({
  branch,
  commit: 'abcdef0123456789',
  sprint: exampleSprint({
    ...{ number, title: `Try ${number}` },
    verdict: f1 === null ? null : exampleVerdict({ metrics: { f1, mcc: 0.5 } }),
    ...more,
  }),
});
const linesOf = (sprints: readonly BranchSprint[], top = 15) =>
  boardsOf(sprints).flatMap((board) => boardLines(board, exampleTask().contract, top));

it('shows the best first, with branch and commit, what is within the noise, and what does not count', () => {
  expect(
    linesOf([
      made('run/2026-01-01', 1, 0.5),
      made('run/2026-01-02', 1, 0.7),
      made('run/2026-01-02', 2, 0.695, { outcome: 'no-gain' }),
      made('run/2026-01-01', 2, 0.9, { outcome: 'invalid' }),
      made('run/2026-01-01', 3, null, { outcome: 'failed' }),
    ]),
  ).toEqual([
    'Profile tiny · world tiny (00000000) · f1, higher is better · rules tiny-00000000',
    '         f1     mcc  outcome    branch and commit         sprint',
    '  1  0.7000  0.5000  new-best   run/2026-01-02 abcdef012  1: Try 1',
    '  2  0.6950  0.5000  no-gain ≈  run/2026-01-02 abcdef012  2: Try 2',
    '  3  0.5000  0.5000  new-best   run/2026-01-01 abcdef012  1: Try 1',
    '  ≈ the first is better by no more than the noise',
    '  2 sprints without a number that counts: 1 invalid, 1 failed',
  ]);
});

it('says which gains hold on secret worlds, and which of them no end of a night measured again', () => {
  const confirmed = {
    ...{ key: 'k', nth: 1, samples: 1, rows: 1, result: 'confirmed', reason: '', best: null, gain: null },
    ...{ candidate: { n: 1, mean: { f1: 0.6 }, deviation: {} }, pairs: [], seconds: 1 },
  };
  const said = linesOf([
    made('run/2026-01-01', 1, 0.5, { confirmed }),
    made('run/2026-01-01', 2, 0.4),
    made('run/2026-01-02', 1, 0.3, { confirmed, checked: { holds: true } }),
  ]);
  expect(said.slice(2).map((line) => line.split(/ {2,}/)[4])).toEqual([
    ...['new-best, confirmed 0.6000, not measured again', 'new-best', 'new-best, confirmed 0.6000'],
  ]);
});

it('cuts a long board and says so; a board without a number has no table', () => {
  const many = Array.from({ length: 5 }, (_, i) => made('run/2026-01-01', i, i / 10));
  expect(linesOf(many, 2).slice(-2)).toEqual([expect.stringContaining('0.3000'), '  … and 3 more: --top 5']);
  expect(linesOf([made('run/2026-01-01', 1, null, { outcome: 'failed' })])).toEqual([
    'Profile tiny · no verdict yet · f1, higher is better · rules tiny-00000000',
    '  1 sprint without a number that counts: 1 failed',
  ]);
});

it('lets no control character through, whatever a record holds', () => {
  const hostile = 'a\x1b[2Jb\x1b]0;owned\x07\n\u202ec';
  const lines = linesOf([
    made('run/2026-01-01', 1, 0.5, { title: hostile, profile: hostile, leaderboard: hostile }),
  ]);
  expect(lines.join('')).not.toMatch(/[\p{Cc}\u202e]/u);
  expect(lines[0]).toContain('Profile ab c ·');
});

it('says what the judge remarked on a best, and on nothing else', () => {
  const remarked = (outcome: string) => {
    const verdict = exampleVerdict({ remarks: ['fits elsewhere'] });
    return linesOf([made('run/x', 1, 0.5, { outcome, verdict })]).find((line) => line.includes('Try 1'));
  };
  expect(remarked('new-best')).toContain('new-best, fits elsewhere');
  expect(remarked('no-gain')).not.toContain('fits elsewhere');
});
