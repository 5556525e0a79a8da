import { afterEach, describe, expect, it, vi } from 'vitest';
import { UserError } from '#contract/errors';
import { local } from '#host/network/testing/server';
import { reach, reachedAt } from './connect.ts';
import { credentialOf, hasCredentials } from './credentials.ts';
import { answerSse, ask, TEXT } from './fixtures/message.ts';

const KEY = 'sk-key-0123';
const TOKEN = 'token-4567';

afterEach(() => vi.unstubAllEnvs());

/** The credential headers that arrive at a server. The environment is set in the process too. */
async function sent(env: NodeJS.ProcessEnv) {
  await using server = await local(answerSse);
  const all = { ANTHROPIC_API_KEY: undefined, ANTHROPIC_AUTH_TOKEN: undefined, ...env };
  // The SDK reads the environment of the process.
  for (const [name, value] of Object.entries(all)) vi.stubEnv(name, value);
  const reached = await reach({ via: 'api', env: { ...env, ANTHROPIC_BASE_URL: server.url } });
  expect(await ask(await reached.client())).toBe(TEXT);
  expect(server.seen).toHaveLength(1);
  return server.seen[0].headers;
}

describe('exactly one credential is sent', () => {
  const strange = {
    ANTHROPIC_CUSTOM_HEADERS:
      'Authorization: Bearer other\nauthorization: Bearer third\nX-Api-Key: fourth\nX-Team: blue',
    ANTHROPIC_PROFILE: 'nobody',
    ANTHROPIC_IDENTITY_TOKEN: 'fifth',
    ANTHROPIC_BASE_URL: 'http://127.0.0.1:9/never',
    AWS_BEARER_TOKEN_BEDROCK: 'sixth',
    CLAUDE_CODE_USE_BEDROCK: '1',
  };

  it.each([{}, strange])('a key, as x-api-key, and nothing as Bearer', async (others) => {
    const headers = await sent({ ...others, ANTHROPIC_API_KEY: ` ${KEY}\n` });
    expect(headers['x-api-key']).toBe(KEY);
    expect(headers).not.toHaveProperty('authorization');
  });

  it.each([{}, strange, { ANTHROPIC_API_KEY: KEY }])(
    'a token, as Bearer, and nothing as x-api-key',
    async (others) => {
      const headers = await sent({ ...others, ANTHROPIC_AUTH_TOKEN: TOKEN });
      expect(headers.authorization).toBe(`Bearer ${TOKEN}`);
      expect(headers).not.toHaveProperty('x-api-key');
    },
  );

  it('other custom headers are left to the SDK', async () => {
    expect((await sent({ ...strange, ANTHROPIC_API_KEY: KEY }))['x-team']).toBe('blue');
  });

  it('a fixed key goes as x-api-key, whatever stands in the environment', async () => {
    await using server = await local(answerSse);
    for (const [name, value] of Object.entries({ ...strange, ANTHROPIC_AUTH_TOKEN: TOKEN }))
      vi.stubEnv(name, value);
    expect(await ask(await reachedAt(server.url, 'fixed').client())).toBe(TEXT);
    expect(server.seen[0].headers['x-api-key']).toBe('fixed');
    expect(server.seen[0].headers).not.toHaveProperty('authorization');
  });
});

describe('credentialOf', () => {
  it('says which of two is used, how it is sent, and how to choose the other', () => {
    const { credential, notes } = credentialOf({ ANTHROPIC_API_KEY: KEY, ANTHROPIC_AUTH_TOKEN: TOKEN });
    expect(credential).toEqual({ variable: 'ANTHROPIC_AUTH_TOKEN', secret: TOKEN });
    expect(notes.join()).toMatch(
      /AUTH_TOKEN is used .*Bearer.*API_KEY is ignored.*unset ANTHROPIC_AUTH_TOKEN/,
    );
    expect(notes.join()).not.toContain(TOKEN);
  });

  it('has no note for one alone, and one for a custom header that is not sent', () => {
    expect(credentialOf({ ANTHROPIC_API_KEY: KEY, ANTHROPIC_AUTH_TOKEN: ' ' }).notes).toEqual([]);
    const headers = 'X-Team: blue\nX-API-Key: abc';
    const { notes } = credentialOf({ ANTHROPIC_API_KEY: KEY, ANTHROPIC_CUSTOM_HEADERS: headers });
    expect(notes).toHaveLength(1);
    expect(notes[0]).toMatch(/^"X-API-Key" of ANTHROPIC_CUSTOM_HEADERS is not sent/);
  });

  it('tells of both variables where neither is set', () => {
    expect(() => credentialOf({ ANTHROPIC_API_KEY: ' \n' })).toThrow(
      /neither ANTHROPIC_API_KEY nor ANTHROPIC_AUTH_TOKEN is set.*--researcher offline/,
    );
  });

  it.each([
    ['sk-a\nsk-b', 'a line break'],
    ['sk-a\r\nsk-b', 'a line break'],
    ['sk-a sk-b', 'a blank'],
    ['sk-a\u00a0sk-b', 'a blank'],
    ['sk-ä', 'a character that no header can carry'],
    ['sk-a\u0000b', 'a character that no header can carry'],
  ])('refuses %j without printing it', (secret, flaw) => {
    for (const variable of ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN']) {
      let message = '';
      try {
        credentialOf({ [variable]: secret });
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
        message = (error as UserError).message;
      }
      expect(message).toContain(`${variable} has ${flaw} in it`);
      expect(message).not.toMatch(/sk-|\n/);
    }
  });
});

it('hasCredentials: a key, a token or a cloud', () => {
  expect(hasCredentials({})).toBe(false);
  expect(hasCredentials({ ANTHROPIC_API_KEY: ' ', CLAUDE_CODE_USE_BEDROCK: '0' })).toBe(false);
  expect(hasCredentials({ ANTHROPIC_API_KEY: KEY })).toBe(true);
  expect(hasCredentials({ ANTHROPIC_AUTH_TOKEN: TOKEN })).toBe(true);
  expect(hasCredentials({}, 'google')).toBe(true);
  expect(hasCredentials({}, 'api')).toBe(false);
  expect(hasCredentials({ CLAUDE_CODE_USE_VERTEX: '1' })).toBe(true);
  expect(hasCredentials({ CLAUDE_CODE_USE_VERTEX: '1', CLAUDE_CODE_USE_BEDROCK: '1' })).toBe(true);
});
