import { expect, it } from 'vitest';
import { comparisonOf, made } from './fixtures/made.ts';
import { orderWords, paragraph, verdictOn } from './words.ts';

it('says what carried over in one paragraph, of the numbers alone', () => {
  const words = paragraph(comparisonOf(made()));
  expect(words).not.toContain('\n');
  expect(words).toMatch(
    /^The order of 5 recipes by F in small and by Probe on \/data\/a: rank correlation \+\d\.\d\d \(95 %: .*\), the order carried over\./,
  );
  expect(words).toContain(
    'by FIT on /data/a: rank correlation −1.00 (95 %: −1.00 to −1.00), the order turned round.',
  );
  expect(words).toContain(
    'Over plain, in F and in Probe, carried over: nested (+0.200 and +0.100), full (+0.300 and +0.150).',
  );
  expect(words).toContain(
    'Parts of full, in F and in Probe, carried over: that full_no_b lacks (+0.200 and +0.100); shown only before: that full_no_a lacks (+0.050 and +0.001).',
  );
  expect(words).toContain('in F and in FIT, turned round: nested (+0.200 and −0.040)');
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
  expect(paragraph(comparisonOf(made(2)))).toContain('rank correlation not measured, not shown.');
});
