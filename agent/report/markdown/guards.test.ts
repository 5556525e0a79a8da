import { expect, it } from 'vitest';
import { clean } from './guards.ts';

it.each([
  ['\u001b[32m✓\u001b[0m step \u001b[1;31m✗\u001b[39;49m', '✓ step ✗'],
  ['\u001b[38;5;208morange\u001b[m', 'orange'],
  ['␛[32mok␛[0m ^[[31mbad^[[0m', 'ok bad'],
  ['[32m✓[0m step 1\n[31m✗[39m step 2', '✓ step 1\n✗ step 2'],
])('takes the colours out of %j', (value, shown) => {
  expect(clean(value)).toBe(shown);
});

it.each([
  'rate(x[5m])',
  'a[0m]',
  'printf "\\033[31mred\\033[0m"',
  "'\\x1b[1mbold\\x1b[0m'",
  'see [1] and [2m] of 3',
])('leaves %j', (value) => {
  expect(clean(value)).toBe(value);
});
