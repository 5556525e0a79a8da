import { expect, it } from 'vitest';
import { authHint } from './words.ts';

it('tells variable and header, and the other choice', () => {
  expect(authHint({ variable: 'ANTHROPIC_AUTH_TOKEN' })).toBe(
    'check ANTHROPIC_AUTH_TOKEN, which was sent as Authorization: Bearer; a gateway may need ANTHROPIC_API_KEY instead, which is sent as x-api-key',
  );
  expect(authHint({ variable: 'ANTHROPIC_API_KEY' })).toMatch(
    /^check ANTHROPIC_API_KEY, which was sent as x-api-key; .* ANTHROPIC_AUTH_TOKEN instead/,
  );
});
