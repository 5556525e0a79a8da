import { expect, it } from 'vitest';
import { Verdict } from './verdict.ts';

const verdict = {
  ...{ version: 1, run: 'r', kind: 'verified', profile: 'small', tree: 't', metrics: {}, observed: {} },
  ...{ declared: {}, evaluation: { samples: 1, batch: 1, seed: 0 }, seconds: 1, at: '2026-01-01' },
};
const onWorld = (more: object) =>
  Verdict.safeParse({ ...verdict, world: { name: 'w', hash: 'h', ...more } }).data?.world.kind;

it('is on a world of one of three kinds; one without a kind is of an earlier version, and public', () => {
  expect(['public', 'secret', 'rows'].map((kind) => onWorld({ kind }))).toEqual(['public', 'secret', 'rows']);
  expect(onWorld({})).toBe('public');
  expect(onWorld({ kind: 'hidden' })).toBeUndefined();
});

it('says what its rows were drawn from: a key, or the seed of an earlier version', () => {
  const drawn = (more: object) =>
    Verdict.safeParse({
      ...{ ...verdict, world: { name: 'w', hash: 'h' } },
      evaluation: { samples: 1, batch: 1, ...more },
    }).data?.evaluation;
  expect(drawn({ seed: 7 })).toEqual({ samples: 1, batch: 1, seed: 7 });
  expect(drawn({ key: 'a'.repeat(32) })?.key).toHaveLength(32);
  expect(drawn({ seed: 'x' })).toBeUndefined();
});

it('keeps the first rows and columns of a table, and no more', () => {
  const rows = Array.from({ length: 30 }, () => Array.from({ length: 16 }, () => 'a\u001b[31mb'));
  const table = { name: 'worst', columns: Array.from({ length: 16 }, String), rows };
  const [kept] = Verdict.parse({ ...verdict, world: { name: 'w', hash: 'h' }, tables: [table] }).tables ?? [];
  expect([kept?.rows.length, kept?.rows[0]?.length, kept?.columns.length]).toEqual([20, 14, 14]);
  expect(kept?.rows[0]?.[0]).toBe('ab');
});
