import { expect, it } from 'vitest';
import { atNight, screenOf } from './terminal.ts';

const shown = (written: string, columns = 20, rows = 5) =>
  screenOf(written, columns, rows).map((spans) => spans.map(({ text }) => text).join(''));

it('shows what a terminal shows: lines that are written over, erased and wrapped', () => {
  expect(shown('one\r\ntwo\r\x1b[Kthree\r\nabc\rA')).toEqual(['one', 'three', 'Abc']);
  expect(shown('12345678', 5)).toEqual(['12345', '678']);
  expect(shown('⠙\x1b[1G\x1b[0Kend')).toEqual(['end']);
  expect(shown('\x1b]0;title\x07a\x1b[3Gb\x1b[?25l')).toEqual(['a b']);
  expect(shown('1\r\n2\r\n3', 20, 2)).toEqual(['2', '3']);
});

it('keeps bold and dim', () => {
  expect(screenOf('\x1b[1mB\x1b[22m p \x1b[2md\x1b[0m', 20, 1)).toEqual([
    [
      { text: 'B', bold: true, dim: false },
      { text: ' p ', bold: false, dim: false },
      { text: 'd', bold: false, dim: true },
    ],
  ]);
});

it('takes the last run that is half done, and nothing of the recorder', () => {
  const bar = (share: number) => `\r\x1b[K  ██░░ ${share}% of 2M samples`;
  const night = `Script started on today\r\nrun 1\r\n${bar(50)}${bar(99)}\r\nrun 2\r\n${bar(10)}${bar(60)}${bar(100)}\r\nScript done on today\r\n`;
  expect(shown(atNight(night), 60)).toEqual([
    'run 1',
    '  ██░░ 99% of 2M samples',
    'run 2',
    '  ██░░ 60% of 2M samples',
  ]);
  expect(() => atNight('nothing')).toThrow('no training run');
});
