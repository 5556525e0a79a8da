import { expect, it } from 'vitest';
import { threadsFor } from './threads.ts';

it('has narrow rows encoded on one thread, where nobody has chosen another number', () => {
  expect(threadsFor(64, {})).toEqual({ ENGINE_THREADS: '1' });
  expect(threadsFor(240, {})).toEqual({});
  expect(threadsFor(64, { ENGINE_THREADS: '2' })).toEqual({});
});
