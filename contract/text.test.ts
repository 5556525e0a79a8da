import { expect, it } from 'vitest';
import { Line, NamedNumbers, plain, printable, Words } from './text.ts';

const ESC = '\x1b';

it('leaves of outside text what can be read, in one line or in several', () => {
  const loud = `${ESC}]0;title\x07a${ESC}[31mb${ESC}[0m\r\nc\td\x00\x08\u202ee\u2028f\ud800`;
  expect(plain(loud)).toBe('ab c d e f\ufffd');
  expect(printable(loud)).toBe('ab\nc\tde\nf\ufffd');
  expect(printable('  indented\n\n- a list')).toBe('  indented\n\n- a list');
});

it('cleans what is parsed, the names of numbers too', () => {
  expect(Line.parse(` one\n${ESC}[2Jtwo `)).toBe('one two');
  expect(Words.parse(`one\n${ESC}[2Jtwo`)).toBe('one\ntwo');
  expect(NamedNumbers.parse({ [`loss\n${ESC}[1mVerified`]: 1 })).toEqual({ 'loss Verified': 1 });
  expect(Line.min(3).safeParse(`${ESC}[1m\n\n`).success).toBe(false);
});
