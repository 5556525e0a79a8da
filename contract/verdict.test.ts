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
