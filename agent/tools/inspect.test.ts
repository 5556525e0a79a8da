import { expect, it } from 'vitest';
import { Inspection } from '#contract/task-contract';
import { inspectInput } from '../requests/schemas.ts';

const inspection = Inspection.parse({
  command: 'node look.mjs',
  about: 'What went wrong.',
  options: {
    sort: { about: 'By what.', choices: ['loss', 'count'] },
    worst: { about: 'How many.', most: 5 },
    cases: { about: 'Or these.', list: 2 },
  },
});

it('takes the options that the task names, within their bounds, and nothing else', () => {
  const schema = inspectInput(inspection);
  const given = { run: 'r', sort: 'loss', worst: 5, cases: [0, 7] };
  expect(schema.parse(given)).toEqual(given);
  expect(schema.safeParse({ run: 'r', 'tree-dir': '/etc' }).success).toBe(false);
  for (const bad of [{ sort: 'size' }, { worst: 6 }, { worst: 0 }, { cases: [1, 2, 3] }, { cases: [-1] }]) {
    expect(schema.safeParse({ run: 'r', ...bad }).success, JSON.stringify(bad)).toBe(false);
  }
  expect(schema.safeParse({ sort: 'loss' }).success).toBe(false);
});

it('names options as a command line has them', () => {
  const named = (name: string) =>
    Inspection.safeParse({ ...inspection, options: { [name]: { about: 'x', most: 1 } } });
  expect(named('eval-seed').success).toBe(true);
  for (const name of ['--sort', 'a b', 'a=b', '']) expect(named(name).success, name).toBe(false);
});
