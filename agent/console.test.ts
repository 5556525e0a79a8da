import { expect, it } from 'vitest';
import type { LoggedEvent } from '#contract/event';
import { consoleOver } from './console.ts';
import type { House } from './house.ts';

const sentence = 'A long sentence of the researcher, '.repeat(5).trim();

/** What a turn's text looks like on such a terminal, without its colours. */
function shown(isTTY: boolean, columns: number): string {
  let out = '';
  const write = (text: string) => {
    out += text;
  };
  const terminal = { isTTY, columns, write };
  const turn = { type: 'turn.finished', text: sentence } as LoggedEvent;
  // A turn's line reads nothing of the house.
  consoleOver({} as House, terminal)(turn);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
  return out.replace(/\x1b\[\d+m/g, '').trim();
}

it('cuts a sentence to the width of a terminal, to 80 where it does not know its width', () => {
  expect(shown(true, 60)).toHaveLength(56);
  expect(shown(true, 0)).toHaveLength(76);
});

it('cuts nothing where no terminal is', () => {
  expect(shown(false, 0)).toBe(sentence);
  expect(shown(false, 60)).toBe(sentence);
});
