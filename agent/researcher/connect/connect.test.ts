import { describe, expect, it } from 'vitest';
import { UserError } from '#contract/errors';
import { local, proxy } from '#host/network/testing/server';
import { Watchdog } from '../watchdog.ts';
import { reach, reachedAt } from './connect.ts';
import { answerSse, ask, TEXT } from './fixtures/message.ts';

const KEY = { ANTHROPIC_API_KEY: 'sk-secret' };

describe('reach', () => {
  it('tells the way, and no secret', async () => {
    const reached = await reach({ via: null, env: KEY });
    expect(reached.via).toBe('api');
    expect(reached.where).toBe('api.anthropic.com, key of ANTHROPIC_API_KEY');
    expect(reached.notes).toEqual([]);
    expect(reached.lacks).toEqual([]);
    expect(reached.authHint).toMatch(/^check ANTHROPIC_API_KEY, which was sent as x-api-key/);
    expect(reached.modelId('claude-opus-5-5')).toBe('claude-opus-5-5');
    expect(reached.regional('claude-opus-5-5')).toBe(false);
    const env = {
      ANTHROPIC_AUTH_TOKEN: 't',
      ANTHROPIC_BASE_URL: 'http://gateway.example/a/v1',
      HTTPS_PROXY: 'http://p:1',
    };
    const other = await reach({ via: null, env });
    expect(other.where).toBe('gateway.example/a, token of ANTHROPIC_AUTH_TOKEN');
    expect(other.notes).toEqual([
      expect.stringMatching(/^ANTHROPIC_BASE_URL is plain http/),
      'connections go through the proxy p:1 of HTTPS_PROXY',
    ]);
  });

  it.each([
    ['no credential', {}],
    ['a wrong address', { ...KEY, ANTHROPIC_BASE_URL: 'gateway' }],
    ['a wrong proxy', { ...KEY, HTTPS_PROXY: 'proxy' }],
    ['a missing certificate', { ...KEY, NODE_EXTRA_CA_CERTS: '/nowhere/ca.pem' }],
    ['two clouds', { ...KEY, CLAUDE_CODE_USE_BEDROCK: '1', CLAUDE_CODE_USE_VERTEX: '1' }],
    ['a cloud without its region', { ...KEY, CLAUDE_CODE_USE_BEDROCK: '1' }],
  ])('refuses %s', async (_, env) => {
    await expect(reach({ via: null, env })).rejects.toBeInstanceOf(UserError);
  });

  it('gives a cloud its model ids, and knows what costs more', async () => {
    const keys = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', AWS_REGION: 'eu-west-1' };
    const reached = await reach({ via: 'bedrock', env: keys });
    expect(reached.modelId('claude-opus-5-5')).toBe('global.anthropic.claude-opus-5-5');
    expect(reached.regional('claude-opus-5-5')).toBe(false);
    expect(reached.regional('eu.anthropic.claude-opus-5-5')).toBe(true);
    expect(reached.lacks).toContain('web');
  });
});

describe('a client', () => {
  it('makes every request through the wrap that it is given', async () => {
    await using server = await local(answerSse);
    const reached = await reach({ via: 'api', env: { ...KEY, ANTHROPIC_BASE_URL: server.url } });
    const urls: string[] = [];
    const client = await reached.client((fetch) => (url, init) => {
      urls.push(String(url));
      return fetch(url, init);
    });
    expect(await ask(client)).toBe(TEXT);
    expect(urls).toEqual([`${server.url}/v1/messages`]);
  });

  it('can be watched', async () => {
    await using server = await local(answerSse);
    const watchdog = new Watchdog(5_000);
    const client = await reachedAt(server.url, 'k').client(watchdog.around);
    expect(await ask(client)).toBe(TEXT);
  });

  it('tries nothing twice', async () => {
    await using server = await local((response) => void response.writeHead(529).end('{}'));
    await expect(ask(await reachedAt(server.url, 'k').client())).rejects.toThrow(/529/);
    expect(server.seen).toHaveLength(1);
  });

  it('goes through the proxy of the environment', async () => {
    await using server = await local(answerSse);
    await using way = await proxy(server.port);
    const env = { ...KEY, ANTHROPIC_BASE_URL: 'http://api.invalid/gate', HTTP_PROXY: way.url };
    expect(await ask(await (await reach({ via: 'api', env })).client())).toBe(TEXT);
    expect(way.tunnels).toEqual(['api.invalid:80']);
    expect(server.seen[0].url).toBe('/gate/v1/messages');
  });
});
