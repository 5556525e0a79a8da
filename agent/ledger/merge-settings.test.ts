import { expect, it } from 'vitest';
import { mergeSettings } from './merge-settings.ts';

const named = (settings: Record<string, string> = {}, experiment = 'plain') => ({ experiment, settings });

it('takes what either of two runs changed, and what both changed alike', () => {
  expect(
    mergeSettings(named({ a: '1', b: '1' }), named({ a: '2', b: '1' }), named({ a: '1', b: '3' })),
  ).toEqual(named({ a: '2', b: '3' }));
  expect(mergeSettings(named(), named({ a: '2' }), named({ a: '2', b: '3' }))).toEqual(
    named({ a: '2', b: '3' }),
  );
  expect(mergeSettings(named(), named({}, 'other'), named({ a: '2' }))).toEqual(named({ a: '2' }, 'other'));
});

it('takes out what either of them took out', () => {
  expect(mergeSettings(named({ a: '1' }), named(), named({ a: '1', b: '2' }))).toEqual(named({ b: '2' }));
});

it('names what they changed in different ways', () => {
  expect(mergeSettings(named({ c: '1' }), named({ a: '2', c: '2' }), named({ a: '3' }, 'x'))).toEqual({
    conflicts: ['a', 'c'],
  });
  expect(mergeSettings(named(), named({}, 'x'), named({}, 'y'))).toEqual({ conflicts: ['experiment'] });
});
