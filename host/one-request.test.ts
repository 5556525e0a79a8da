import { expect, it } from 'vitest';
import { ONE_REQUEST_MS, oncePerRequest } from './one-request.ts';

it('takes a signal that comes again within a moment for the same request', () => {
  const heard: string[] = [];
  let now = 5;
  const on = oncePerRequest(
    (signal) => heard.push(`${signal} ${now}`),
    () => now,
  );
  for (const at of [5, 6, 40, 4 + ONE_REQUEST_MS]) {
    now = at;
    on('SIGINT');
  }
  expect(heard).toEqual(['SIGINT 5']);
  // Another signal is always another request, and a key that is held down counts again after ONE_REQUEST_MS.
  on('SIGTERM');
  now = 5 + ONE_REQUEST_MS;
  on('SIGINT');
  expect(heard).toEqual(['SIGINT 5', `SIGTERM ${4 + ONE_REQUEST_MS}`, `SIGINT ${5 + ONE_REQUEST_MS}`]);
});
