import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut, firstLine, inColumn, lostWords, plain, sprintsMade } from './words.ts';

/** Texts with many of the characters that have to be removed. */
const hostile = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '\x1b',
        '\x9b',
        '[2J',
        ']0;x',
        '\x07',
        '\x1b\\',
        '\r',
        '\n',
        '\u2028',
        '\u202e',
        '\ud83d',
      ),
      fc.string(),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

describe('plain', () => {
  it('gives one printable line, whatever it is given', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const line = plain(text);
        expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u);
        expect(line).not.toMatch(
          /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\u200b\u{e0000}-\u{e007f}]/u,
        );
        expect(line).toBe(line.trim());
        expect(plain(line)).toBe(line);
      }),
      { numRuns: 2000 },
    );
  });

  it('keeps the words of an honest text, and only straightens its blanks', () => {
    const words = fc.array(fc.stringMatching(/^[!-~]+$|^[äßéあ中👩]+$/u), { minLength: 1 });
    fc.assert(
      fc.property(words, fc.constantFrom(' ', '\n', '\t', ' \r\n '), (parts, blank) => {
        expect(plain(parts.join(blank))).toBe(parts.join(' '));
      }),
    );
    expect(plain('a ❤️ family: 👩‍👩‍👧')).toBe('a ❤️ family: 👩‍👩‍👧');
  });

  it('takes no longer for a long text of nothing but beginnings', () => {
    const began = process.cpuUsage();
    for (const begin of ['\x9d', '\x1b]', '\x1b[', '\x9b1;']) plain(begin.repeat(100_000));
    expect(process.cpuUsage(began).user).toBeLessThan(2e6);
  });

  it.each([
    ['colours', '\x1b[1;31mred\x1b[0m', 'red'],
    ['a cleared screen', 'a\x1b[2J\x1b[Hb', 'ab'],
    ['the title of the window', '\x1b]0;owned\x07rest', 'rest'],
    ['a hyperlink', '\x1b]8;;http://x\x1b\\text\x1b]8;;\x1b\\', 'text'],
    ['an order without its end', 'a\x1b]0;open', 'a0;open'],
    ['a reset', 'a\x1bcb', 'ab'],
    ['orders of one byte', 'a\x9b31mb\x9d0;t\x9cc', 'abc'],
    ['a line drawn over', 'good\rbad', 'good bad'],
    ['text that is turned', 'abc\u202edef\u2066g', 'abcdefg'],
    ['an order within an order', '\x1b\x1b[0m[0m', '[0m'],
  ])('takes out %s', (_, text, rest) => {
    expect(plain(text)).toBe(rest);
  });
});

it('firstLine passes over lines with nothing to read', () => {
  expect(firstLine('\n \x1b[0m\n  Title\x1b[2K \nmore')).toBe('Title');
  expect(firstLine('one\rtwo')).toBe('one');
  expect(firstLine('\n\x1b[0m')).toBe('');
});

it('cut keeps to the length and halves no character', () => {
  expect(cut('abcd', 4)).toBe('abcd');
  expect(cut('abcde', 4)).toBe('abc…');
  expect(cut('ab👩cd', 4)).toBe('ab…');
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 2, max: 20 }), (text, most) => {
      expect(cut(text, most).length).toBeLessThanOrEqual(most);
      expect(cut(text, most)).not.toMatch(/\p{Cs}/u);
    }),
  );
});

describe('inColumn', () => {
  it.each([
    [0.7288, '0.729'],
    [0.719, '0.719'],
    [0.62, '0.620'],
    [3.3, '3.30'],
    [165.52, '166'],
    [15_420, '15420'],
    [-0.0371, '-0.0371'],
    [undefined, ''],
  ])('writes %s as %s', (value, written) => expect(inColumn(value)).toBe(written));
});

it('counts sprints against a limit, also one that a later start set too low', () => {
  expect(sprintsMade(1, null)).toBe('1 sprint');
  expect(sprintsMade(2, 5)).toBe('2 of 5 sprints');
  expect(sprintsMade(4, 1)).toBe('4 sprints (limit 1)');
});

it('says a loss without a sign: the verb has it', () => {
  expect(lostWords(0.0123456)).toBe('lost 0.01235');
  expect(lostWords(-0.003)).toBe('gained 0.003');
  expect(lostWords(0)).toBe('lost nothing');
  expect(lostWords(-0.003, (value) => value.toFixed(1))).toBe('gained 0.0');
});
