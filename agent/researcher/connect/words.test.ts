import { expect, it } from 'vitest';
import { authHint } from './words.ts';

it('tells variable and header, and the other choice', () => {
  expect(authHint({ variable: 'ANTHROPIC_AUTH_TOKEN' })).toBe(
    'look at ANTHROPIC_AUTH_TOKEN, which was sent as Authorization: Bearer; a gateway may want ANTHROPIC_API_KEY instead, which is sent as x-api-key',
  );
  expect(authHint({ variable: 'ANTHROPIC_API_KEY' })).toMatch(
    /^look at ANTHROPIC_API_KEY, which was sent as x-api-key; .* ANTHROPIC_AUTH_TOKEN instead/,
  );
});
