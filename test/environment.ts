import { afterAll } from 'vitest';

/**
 * Vitest's setup of each file that shares its worker with others: the next file finds the environment that
 * this one found. What Vitest keeps there itself stays.
 */
const before = { ...process.env };
const isOurs = (name: string) => !name.startsWith('VITEST');

afterAll(() => {
  for (const name of Object.keys(process.env))
    if (isOurs(name) && !(name in before)) delete process.env[name];
  for (const [name, value] of Object.entries(before)) if (isOurs(name)) process.env[name] = value;
});
