import { expect, it } from 'vitest';
import { csv } from './csv.ts';

it('quotes what has a comma, a quote or a line end, and leaves nothing for what is missing', () => {
  const rows = [
    ['a', 'b,c', 'd"e', 'f\ng'],
    [1, -0.5, null, true],
  ];
  expect(csv(rows)).toBe('a,"b,c","d""e","f\ng"\n1,-0.5,,true\n');
});

it('writes no formula: a text that begins like one is a text', () => {
  expect(csv([['=1+1', '@x', '-k=3', -3]])).toBe("'=1+1,'@x,'-k=3,-3\n");
});
