import { expect, it } from 'vitest';
import { NamedValues } from '#contract/text';
import { flat } from './flat.ts';

it('names what is nested by its path, and keeps a list as it is written', () => {
  const config = { lr: 0.1, on: true, none: null, widths: [4, 16], part: { tau: 0, deep: { name: 'x' } } };
  expect(flat(config)).toEqual({
    ...{ lr: 0.1, on: true, none: null, widths: '[4,16]' },
    ...{ 'part.tau': 0, 'part.deep.name': 'x' },
  });
});

it('keeps a record of any size small, and its words plain', () => {
  const many = Object.fromEntries(
    Array.from({ length: 5000 }, (_, i) => [`\x1b[2J${i}`, 'long '.repeat(999)]),
  );
  const kept = flat(many);
  expect(Object.keys(kept)).toHaveLength(200);
  expect(JSON.stringify(kept).length).toBeLessThan(50_000);
  expect(JSON.stringify(kept)).not.toContain('\\u001b');
  expect(NamedValues.parse(kept)).toEqual(kept);
});
