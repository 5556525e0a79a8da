import { expect, it } from 'vitest';
import { plainView, type View } from '../notebook/list.ts';
import { hashOf, viewOf } from './address.ts';

it('keeps in the address what differs from the first view, and reads it again', () => {
  expect(hashOf(plainView)).toBe('');
  const view: View = {
    ...{ rows: 'runs', text: 'two words & more=1', outcome: 'no gain', value: 0.8, usd: 0 },
    ...{ sort: ':gain', down: false, ticked: ['a', 'b'], comparing: true, open: ['c'], all: true },
  };
  expect(viewOf(`#${hashOf(view)}`)).toEqual(view);
  expect(viewOf('')).toEqual(plainView);
});

it('takes an address of anybody: what it does not understand is left out', () => {
  expect(viewOf('#rows=x&value=abc&usd=&ticked=,,&down=1&no=1')).toEqual(plainView);
});
