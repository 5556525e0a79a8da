import { expect, it } from 'vitest';
import { exampleSprint } from '../fixtures/examples.ts';
import { alike } from './alike.ts';

const input = (slug: string, title: string, idea: string) => ({
  slug,
  title,
  idea,
  motivation: 'm',
  expectation: 'e',
  predicted: {},
});
const earlier = [
  exampleSprint({
    id: '2026-02-19--10-37-sorting-2',
    title: 'Sort prefixes',
    idea: 'Sort latents by how often they fire.',
  }),
  exampleSprint({ id: '2026-02-19--11-00-tilt', title: 'Tilt', idea: 'Tilted risk with t = 0.002.' }),
];

it('finds an idea of the same slug, or in nearly the same words, and no other', () => {
  const ids = (i: ReturnType<typeof input>) => alike(i, earlier).map((s) => s.id);
  expect(ids(input('sorting', 'Something', 'Other words entirely'))).toEqual([earlier[0].id]);
  expect(ids(input('by-frequency', 'Sort prefixes', 'Sort the latents by how often they fire'))).toEqual([
    earlier[0].id,
  ]);
  expect(ids(input('tilt-more', 'Tilt', 'Tilted risk with t = 0.02.'))).toEqual([]);
});
