import { expect, it } from 'vitest';
import { clean, decodeEntities } from './guards.ts';

it.each([
  ['\u001b[32m✓\u001b[0m step \u001b[1;31m✗\u001b[39;49m', '✓ step ✗'],
  ['\u001b[38;5;208morange\u001b[m', 'orange'],
  ['␛[32mok␛[0m ^[[31mbad^[[0m', 'ok bad'],
  ['[31mred[m and [1;32mgreen[m', 'red and green'],
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
  'the [mean](a.md), ![more](b.png), x[m+1] and [MSE](c.md)',
])('leaves %j', (value) => {
  expect(clean(value)).toBe(value);
});

it('decodes characters, and no control characters', () => {
  expect(decodeEntities('&lt;&#65;&#x42;&nbsp;&rarr; &bogus;')).toBe('<AB\u00a0→ &bogus;');
  expect(decodeEntities('a&#2;b&#x1b;c&#0;')).toBe('a&#2;b&#x1b;c&#0;');
});
