import { expect, it } from 'vitest';
import { plain } from '../document/tree.ts';
import { hintReasons, hintRows } from './hints.ts';

const answer = { hint: '3fa2c1', text: 'Sort.', answer: 'follow' as const, why: 'It is the idea.' };

it('states which hints a sprint followed, and frames why', () => {
  const sprint = { id: 's', hints: ['- Sort.\n- Look.'], hintAnswers: [answer] };
  expect(hintRows(sprint).map(({ label, c }) => [label, plain(c)])).toEqual([
    ['Hints by people', '- Sort.\n- Look.'],
    ['Hints followed', 'Sort.'],
  ]);
  expect(hintReasons(sprint)).toMatchObject({ t: 'untrusted', c: [{ t: 'para' }] });
  expect([hintRows({ id: 's' }), hintReasons({ id: 's', hints: ['Sort.'] })]).toEqual([[], null]);
});
