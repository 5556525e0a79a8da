import { expect, it } from 'vitest';
import { ignoredNew } from './ignored-new.ts';

it('says that --new does nothing where an open sprint goes on', () => {
  const branch = { name: 'run/2026-01-01', resumed: true, from: 'main' };
  expect(ignoredNew({ fresh: true, branch })).toMatch(/^--new has no effect yet: .* on run\/2026-01-01,/);
  expect(ignoredNew({ fresh: false, branch })).toBeNull();
  expect(ignoredNew({ fresh: true, branch: { ...branch, resumed: false } })).toBeNull();
});
