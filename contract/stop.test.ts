import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { EXIT_CODES } from './stop.ts';

it('each stop code is in docs/exit-codes.md with its exit code, and no other', () => {
  const page = readFileSync(new URL('../docs/exit-codes.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| (\d+) \| `([a-z-]+)` \|/gm)].map(([, exit, code]) => [
    code,
    Number(exit),
  ]);
  expect(Object.fromEntries(rows)).toEqual(EXIT_CODES);
});
