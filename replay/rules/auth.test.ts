import { expect, it } from 'vitest';
import { verdict } from '../fixtures/serve.ts';
import type { Accepts } from './auth.ts';

const key = { 'x-api-key': 'k' };
const bearer = { authorization: 'Bearer t' };

it.each<[Accepts, Record<string, string>, boolean]>([
  ['any', key, true],
  ['any', bearer, true],
  ['any', { ...key, ...bearer }, false],
  ['any', {}, false],
  ['x-api-key', key, true],
  ['x-api-key', bearer, false],
  ['x-api-key', { ...key, ...bearer }, false],
  ['bearer', bearer, true],
  ['bearer', { authorization: 't' }, false],
  ['bearer', key, false],
])('a server that takes %s: %j', async (accepts, headers, fine) => {
  const said = await verdict({}, { headers }, { accepts });
  if (fine) expect(said).toBeNull();
  else expect(said).toMatch(/^401 authentication_error /);
});
