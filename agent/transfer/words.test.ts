import { expect, it } from 'vitest';
import { comparisonOf, made } from './fixtures/made.ts';
import { gainWords, orderWords, paragraph, verdictOn } from './words.ts';

it('says what carried over in one paragraph, of the numbers alone', () => {
  const words = paragraph(comparisonOf(made()));
  expect(words).not.toContain('\n');
  expect(words).toMatch(
    /^The order of 5 recipes by F in small carried over to \/data\/a by Probe: rank correlation \+\d\.\d\d \(95 %: .*?\)\. The order of 5 recipes by F in small turned round on \/data\/a by FIT: rank correlation −1\.00 \(95 %: −1\.00 to −1\.00\)\./,
  );
  expect(words).toContain('Gains over plain, by F and by Probe: carried over: nested, full.');
  expect(words).toContain(
    'Gains of full by the parts that these lack, by F and by Probe: carried over: full_no_b; shown only before: full_no_a.',
  );
  expect(words).toContain('by F and by FIT: turned round: nested, full.');
});

it('tells gains on the new data alone from losses, and names none that is shown in neither', () => {
  const gain = (value: number, shown: boolean) => ({ value, seeds: 3, shown });
  const pair = (over: string, now: number, shown: boolean) => ({
    ...{ recipe: 'full', over, own: gain(0.1, false), other: { probe: gain(now, shown), fit: null } },
  });
  const of = (...parts: ReturnType<typeof pair>[]) =>
    paragraph({ ...comparisonOf(made()), lines: [], parts }).match(/Gains[^.]*\./)?.[0];
  expect(of(pair('a', 0.1, true), pair('b', -0.1, true), pair('c', 0.1, false))).toBe(
    'Gains of full by the parts that these lack, by F and by Probe: a gain only on the new data: a; a loss only on the new data: b; the others shown in neither.',
  );
  expect(of(pair('c', 0.1, false))).toMatch(/: all shown in neither\.$/);
});

it('says of one gain how large it is, and where it is not shown', () => {
  expect(gainWords({ value: -0.0161, seeds: 3, shown: true })).toBe('−0.016');
  expect(gainWords({ value: 0.02, seeds: 3, shown: false })).toBe('+0.020 (not shown)');
  expect(gainWords(null)).toBe('–');
});

it('is not shown where the interval has zero in it, or one seed was run', () => {
  expect(verdictOn({ value: 0.5, interval: [-0.1, 0.9] })).toBe('not shown');
  expect(verdictOn({ value: 0.5, interval: [0, 0.9] })).toBe('not shown');
  expect(verdictOn({ value: 0.5, interval: [0.01, 0.9] })).toBe('carried over');
  expect(verdictOn({ value: -0.5, interval: [-0.9, -0.01] })).toBe('turned round');
  expect(verdictOn({ value: 1, interval: null })).toBe('not shown');
  expect(orderWords({ value: 1, interval: null })).toBe('+1.00 (one seed has no interval)');
  expect(orderWords(null)).toBe('not measured');
  const one = paragraph(
    comparisonOf(
      made().filter(({ wanted }) => wanted.seed === 0),
      [0],
    ),
  );
  expect(one).toContain('not shown');
  expect(one).not.toContain('carried over');
  expect(one).toContain('One seed shows no gain');
});

it('says nothing of what was not run', () => {
  expect(paragraph(comparisonOf(made(2)))).toContain(
    'is not shown on /data/a by Probe: rank correlation not measured.',
  );
});
