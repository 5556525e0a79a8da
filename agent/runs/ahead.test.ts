import { expect, it } from 'vitest';
import { inTime } from './ahead.ts';

const never = () => new Promise<never>(() => {});

it.each([
  ['has come to its end', async () => true as const, never, true],
  ['has failed', async () => null, never, false],
  ['takes too long', never, async () => null, false],
])('something ahead that %s', async (_, now, out, isDone) => {
  let ended = false;
  const end = async () => {
    ended = true;
  };
  expect(await inTime({ now, end }, out)).toBe(isDone);
  expect(ended).toBe(!isDone);
});
