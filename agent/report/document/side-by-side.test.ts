import { expect, it } from 'vitest';
import { sideBySide } from './side-by-side.ts';

it('shows settings that differ before those that are shared', () => {
  const { different, same } = sideBySide([
    { a: '1', b: 'x', c: '2' },
    { a: '1', b: 'y', d: '3' },
  ]);
  expect(different).toEqual([
    { key: 'b', values: ['x', 'y'] },
    { key: 'c', values: ['2', null] },
    { key: 'd', values: [null, '3'] },
  ]);
  expect(same).toEqual([{ key: 'a', values: ['1', '1'] }]);
});
