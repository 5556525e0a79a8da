import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '#contract/errors';
import { local } from '#host/network/testing/server';
import { baseURLOf, cloudBaseURL, normalBaseURL, plainHttpNotes, shownURL } from './base-url.ts';
import { reach } from './connect.ts';
import { answerSse, ask } from './fixtures/message.ts';

const normal = (value: string) => normalBaseURL(value, 'ANTHROPIC_BASE_URL');

describe('the base address', () => {
  it.each([
    ['https://gateway.example', 'https://gateway.example'],
    ['https://gateway.example/', 'https://gateway.example'],
    ['https://gateway.example/v1', 'https://gateway.example'],
    ['https://gateway.example/v1/messages/', 'https://gateway.example'],
    ['HTTPS://Gateway.Example:443/Anthropic//', 'https://gateway.example/Anthropic'],
    ['http://127.0.0.1:8080/a/b/v1/', 'http://127.0.0.1:8080/a/b'],
    ['https://gateway.example/v1beta', 'https://gateway.example/v1beta'],
    ['https://gateway.example/messages', 'https://gateway.example/messages'],
  ])('%s is %s', (value, expected) => expect(normal(value)).toBe(expected));

  it('is the API itself where nothing is set', () => {
    expect(baseURLOf({})).toBe('https://api.anthropic.com');
    expect(baseURLOf({ ANTHROPIC_BASE_URL: '  ' })).toBe('https://api.anthropic.com');
    expect(baseURLOf({ ANTHROPIC_BASE_URL: ' https://gateway.example/v1 ' })).toBe('https://gateway.example');
  });

  it('keeps any path, is stable, and makes no difference of what people append', () => {
    const part = fc.stringMatching(/^[A-Za-z0-9._~-]{1,8}$/).filter((text) => !/^\.+$|^v1$/.test(text));
    const tail = fc.array(fc.constantFrom('/', '/v1', '/v1/messages', '//'), { maxLength: 4 });
    fc.assert(
      fc.property(fc.webAuthority(), fc.array(part), tail, (authority, parts, tail) => {
        const host = authority.replace(/^.*@/, '');
        fc.pre(URL.canParse(`https://${host}`));
        const bare = new URL(`https://${host}`).origin + parts.map((text) => `/${text}`).join('');
        const found = normal(bare + tail.join(''));
        expect(found).toBe(bare);
        expect(normal(found)).toBe(found);
      }),
    );
  });

  it.each([
    ['gateway.example', /not an http or https/],
    ['gateway.example:8080/x', /not an http or https/],
    ['ftp://gateway.example', /not an http or https/],
    ['https://', /not an http or https/],
    ['https://gate\nway.example', /not an http or https/],
    ['https://gateway.example/?', /query or a fragment/],
    ['https://gateway.example/?key=secret', /query or a fragment/],
    ['https://gateway.example/#secret', /query or a fragment/],
    ['https://user:secret@gateway.example', /user name or password/],
    ['https://secret@gateway.example', /user name or password/],
  ])('%j is refused without being printed', (value, why) => {
    const attempt = () => baseURLOf({ ANTHROPIC_BASE_URL: value });
    expect(attempt).toThrow(UserError);
    expect(attempt).toThrow(why);
    expect(attempt).toThrow(/^ANTHROPIC_BASE_URL (?!.*secret)/);
  });

  it.each(['', '/', '/v1', '/v1/messages', '/gate/way', '/gate/way/v1/'])(
    'the SDK posts to one /v1/messages: %j',
    async (path) => {
      await using server = await local(answerSse);
      const env = { ANTHROPIC_API_KEY: 'k', ANTHROPIC_BASE_URL: server.url + path };
      await ask(await (await reach({ via: 'api', env })).client());
      expect(server.seen[0].url).toBe(`${path.startsWith('/gate') ? '/gate/way' : ''}/v1/messages`);
    },
  );

  it('of a cloud keeps its /v1, which the package builds upon', () => {
    const env = { A: 'https://gateway.example/vertex/v1/', B: ' ' };
    expect(cloudBaseURL(env, 'A')).toBe('https://gateway.example/vertex/v1');
    expect(cloudBaseURL(env, 'B')).toBeNull();
    expect(() => cloudBaseURL({ A: 'https://u:p@x.example' }, 'A')).toThrow(/^A contains/);
  });
});

it('is shown as host and path', () => {
  expect(shownURL('https://api.anthropic.com')).toBe('api.anthropic.com');
  expect(shownURL('http://127.0.0.1:8080/a')).toBe('127.0.0.1:8080/a');
});

it('warns of plain http to another machine alone', () => {
  expect(plainHttpNotes('https://gateway.example', 'X')).toEqual([]);
  expect(plainHttpNotes('http://localhost:1', 'X')).toEqual([]);
  expect(plainHttpNotes('http://gateway.example', 'X')).toEqual([expect.stringMatching(/^X is plain http/)]);
});
