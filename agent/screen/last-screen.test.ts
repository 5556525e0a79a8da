import { expect, it } from 'vitest';
import type { Checked, Confirmed } from '#contract/confirmed';
import { Timer } from '../common/timer.ts';
import { exampleSprint, exampleVerdict } from '../fixtures/examples.ts';
import { loopStarted } from '../fixtures/journal.ts';
import { stagedLoop } from '../fixtures/staged.ts';
import type { Checkout } from '../git/run-branch.ts';
import { withCheck } from '../ledger/checked.ts';
import { lastScreen } from './last-screen.ts';

const several = (f1: number) => ({ n: 3, mean: { f1 }, deviation: { f1: 0.01 } });
const confirmed: Confirmed = {
  ...{ key: 'k', nth: 1, samples: 1000, rows: 100, result: 'confirmed', reason: 'why', seconds: 1 },
  ...{ candidate: several(0.7), best: { sprint: 'first', run: 'r', ...several(0.6) }, pairs: [] },
  gain: { mean: 0.1, error: 0.01, needed: 0.05 },
};
const checked = (holds: boolean): Checked => ({
  ...{ version: 1, key: 'k', holds, reason: 'so', candidate: several(0.7), best: confirmed.best },
  ...{ gain: confirmed.gain, takenBack: false, seconds: 1, at: '2026-01-01T06:00:00.000Z' },
});

/** The last screen of a night whose second sprint became the best, measured again or not. */
function screen(of: Checked | null, more: object = { confirmed }, before = 0): string[] {
  const { loop, time } = stagedLoop(1000);
  if (before > 0) {
    time.seconds += before;
    loop.journal.emit({ type: 'loop.stopped', reason: 'SIGTERM', exitCode: 143 });
    loop.journal.emit(loopStarted({ resumed: true }));
  }
  const checkout = { branch: { name: 'run/x', from: 'main' } } as Checkout;
  loop.ledger.add(exampleSprint({ id: 'first' }));
  const best = exampleSprint({ id: 'second', number: 2, closedAt: '2026-01-01T00:02:00.000Z', ...more });
  loop.ledger.add(withCheck(best, of));
  return lastScreen({ ...loop, checkout, timer: new Timer() }, { reason: 'the time is up' });
}
const about = (lines: readonly string[]) => lines.filter((line) => /measured again/i.test(line));
const best = (lines: readonly string[]) => lines.find((line) => line.startsWith('Best:'));

it('says whether the best was measured again at the end of the night', () => {
  expect(about(screen(checked(true)))).toEqual(['Measured again: it holds at the end of the night']);
  expect(about(screen(null))).toEqual([
    'Not measured again: the confirmed number is that of its confirming alone',
  ]);
  expect(about(screen(null, {}))).toEqual([]);
});

it('shows the best before one that did not hold', () => {
  expect(best(screen(checked(true)))).toContain('sprint 2');
  const lines = screen(checked(false));
  expect(best(lines)).toContain('sprint 1');
  expect(about(lines)).toEqual([]);
});

it('says what the judge remarked on the best', () => {
  const verdict = { ...exampleVerdict(), remarks: ['fits elsewhere'] };
  expect(screen(null, { verdict })).toContain('Remark:       fits elsewhere');
});

it.each([
  [0.003, 'lost 0.003'],
  [-0.003, 'gained 0.003'],
])('says what the best gave when it was trained again (%f), with no sign', (loss, words) => {
  const third = {
    ...confirmed,
    again: { n: 2, loss, less: 0 },
    best: { ...several(0.7), sprint: 'second', run: 'r' },
  };
  const { loop } = stagedLoop(1000);
  loop.ledger.add(exampleSprint({ id: 'second', confirmed }));
  loop.ledger.add(exampleSprint({ id: 'third', number: 2, outcome: 'no-gain', confirmed: third }));
  const checkout = { branch: { name: 'run/x', from: 'main' } } as Checkout;
  const lines = lastScreen({ ...loop, checkout, timer: new Timer() }, { reason: 'the time is up' });
  expect(lines).toContain(`Trained again: it ${words} in the mean of 2 on the same worlds and seeds`);
});

it('gives the time of the whole loop beside that since its last start', () => {
  const time = (before: number) => screen(null, {}, before).find((line) => / sprints in /.test(line));
  expect(time(0)).toMatch(/^0 sprints in 0\.0 s, 0\.00 USD: researcher 0\.0 s, /);
  expect(time(600)).toMatch(
    /^0 sprints in 10 min 0 s, 0\.00 USD, since the last start 0\.0 s: researcher 0\.0 s, /,
  );
});
