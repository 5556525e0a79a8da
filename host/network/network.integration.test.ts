import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { Agent, fetch as undiciFetch } from 'undici';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { networkOf } from './network.ts';
import { local, proxy } from './testing/server.ts';
import { authority, child, secure } from './testing/tls.ts';

/** A name that leads nowhere without the proxy: RFC 6761 keeps "invalid" out of the DNS. */
const AWAY = 'api.invalid';
/** This machine by an address that does not count as loopback. */
const HERE = '0.0.0.0';
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

afterEach(() => vi.unstubAllEnvs());

describe('a proxy', () => {
  it.each(['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'ALL_PROXY', 'all_proxy'])(
    'of %s is used for http and https',
    async (name) => {
      await using server = await local((response) => void response.end('hello'));
      await using way = await proxy(server.port);
      const { fetch } = networkOf({ [name]: way.url });
      // Without TLS at the end of the tunnel an https call fails, but the tunnel was asked for.
      await expect(fetch(`https://${AWAY}/x`)).rejects.toThrow();
      expect(way.tunnels).toEqual([`${AWAY}:443`]);
      if (/https/i.test(name)) return;
      expect(await (await fetch(`http://${AWAY}/x`)).text()).toBe('hello');
      expect(way.tunnels).toEqual([`${AWAY}:443`, `${AWAY}:80`]);
    },
  );

  it('is given its own name and password, which the server never sees', async () => {
    await using server = await local((response) => void response.end());
    await using way = await proxy(server.port);
    const { fetch } = networkOf({ HTTP_PROXY: way.url.replace('//', '//me:p%40ss@') });
    await fetch(`http://${AWAY}/`);
    expect(way.auth).toEqual([`Basic ${Buffer.from('me:p@ss').toString('base64')}`]);
    expect(server.seen[0]?.headers).not.toHaveProperty('proxy-authorization');
  });

  it.each(['NO_PROXY', 'no_proxy'])('is not used for hosts of %s', async (name) => {
    await using server = await local((response) => void response.end('near'));
    await using way = await proxy(server.port);
    const url = `http://${HERE}:${server.port}/`;
    await networkOf({ HTTP_PROXY: way.url }).fetch(url);
    expect(way.tunnels).toHaveLength(1);
    await networkOf({ HTTP_PROXY: way.url, [name]: `other.example, ${HERE}` }).fetch(url);
    expect(way.tunnels).toHaveLength(1);
    expect(server.seen).toHaveLength(2);
  });

  it('is never used for this machine itself', async () => {
    await using server = await local((response) => void response.end('near'));
    await using way = await proxy(9);
    const { fetch } = networkOf({ HTTP_PROXY: way.url, HTTPS_PROXY: way.url, ALL_PROXY: way.url });
    for (const host of ['127.0.0.1', 'localhost']) {
      expect(await (await fetch(`http://${host}:${server.port}/`)).text()).toBe('near');
    }
    // Nothing listens there: the test only checks that the proxy was not asked.
    for (const host of ['[::1]:9', '127.8.0.1:9']) await expect(fetch(`https://${host}/`)).rejects.toThrow();
    expect(way.tunnels).toEqual([]);
  });

  it('of the process has no part in what another environment says', async () => {
    await using server = await local((response) => void response.end('near'));
    await using way = await proxy(server.port);
    vi.stubEnv('HTTP_PROXY', way.url);
    await networkOf({}).fetch(`http://${HERE}:${server.port}/`);
    expect(way.tunnels).toEqual([]);
    await networkOf().fetch(`http://${HERE}:${server.port}/`);
    expect(way.tunnels).toHaveLength(1);
  });

  it.each(['https', 'http'])('that hangs up ends the call over %s, and is asked once', async (scheme) => {
    // Nobody listens at the end of its tunnels.
    await using way = await proxy(9);
    const { fetch } = networkOf({ HTTP_PROXY: way.url });
    const why = await fetch(`${scheme}://${AWAY}/`).then(String, (error: Error) => String(error.cause));
    expect(why).toBe(
      `Error: the proxy ${new URL(way.url).host} did not open a connection: other side closed`,
    );
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(way.tunnels).toHaveLength(1);
  });

  it('that refuses, or is not there, ends the call', async () => {
    await using server = await local((response) => void response.end());
    const { fetch } = networkOf({ HTTP_PROXY: 'http://127.0.0.1:9' });
    await expect(fetch(`https://${AWAY}/`)).rejects.toThrow('fetch failed');
    // This server is no proxy: it closes the connection on CONNECT.
    const wrong = networkOf({ HTTP_PROXY: server.url }).fetch(`https://${AWAY}/`);
    await expect(wrong).rejects.toThrow('fetch failed');
  });

  it('lets a stream through as it comes', async () => {
    let next = () => {};
    await using server = await local(async (response) => {
      for (const part of ['one', 'two', 'three']) {
        response.write(part);
        await new Promise<void>((resolve) => {
          next = resolve;
        });
      }
      response.end();
    });
    await using way = await proxy(server.port);
    const response = await networkOf({ HTTP_PROXY: way.url }).fetch(`http://${AWAY}/`, {
      method: 'POST',
      body: '{}',
    });
    const parts: string[] = [];
    // The next part is sent when the last one has arrived: nothing is held back.
    for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) {
      parts.push(Buffer.from(part).toString());
      next();
    }
    expect(parts).toEqual(['one', 'two', 'three']);
  });
});

describe('silence', () => {
  // The clock of undici's timeouts, which undici's own tests advance too.
  const clock = createRequire(import.meta.url)('undici/lib/util/timers.js') as { tick(ms: number): void };

  /**
   * Fetches from a server that is silent for an hour of that clock, before its headers or within its body.
   */
  async function silent(before: 'headers' | 'body', fetch: typeof globalThis.fetch) {
    await using server = await local(async (response) => {
      if (before === 'body') response.write('begun, ');
      await new Promise((resolve) => setTimeout(resolve, 100));
      // The first tick starts the timers that are pending.
      for (const ms of [1_000, 3_600_000]) clock.tick(ms);
      await new Promise((resolve) => setTimeout(resolve, 100));
      response.end('ended');
    });
    const response = await fetch(server.url);
    return await response.text();
  }

  it.each(['headers', 'body'] as const)(
    'before the %s is borne for as long as the caller bears it',
    async (before) => {
      expect(await silent(before, networkOf({}).fetch)).toMatch(/ended$/);
      // With its default timeouts undici gives up.
      const dispatcher = new Agent();
      const plain = (async (url: string) =>
        undiciFetch(url, { dispatcher })) as unknown as typeof globalThis.fetch;
      await expect(silent(before, plain)).rejects.toThrow();
    },
  );
});

it('takes a Request of Node too', async () => {
  await using server = await local((response) => void response.end('ok'));
  const request = new Request(server.url, { method: 'POST', body: '{"a":1}', headers: { 'x-team': 'blue' } });
  expect(await (await networkOf({}).fetch(request)).text()).toBe('ok');
  expect(server.seen[0]).toMatchObject({ method: 'POST', body: { a: 1 }, headers: { 'x-team': 'blue' } });
});

it('ends a call by its signal', async () => {
  await using server = await local((response) => void response.write('begun'));
  const stop = new AbortController();
  const response = await networkOf({}).fetch(server.url, { signal: stop.signal });
  stop.abort();
  await expect(response.text()).rejects.toThrow(/abort/i);
});

it.skipIf(!hasOpenssl)(
  'a certificate of NODE_EXTRA_CA_CERTS is trusted, directly and through a proxy',
  async () => {
    using ca = authority();
    await using server = await secure(ca, async (response) => void response.end('hello'));
    await using way = await proxy(server.port);
    // Node reads the variable at its start, so each case is a process of its own.
    const direct = `https://localhost:${server.port}/`;
    expect(await child({ NODE_EXTRA_CA_CERTS: ca.file }, direct)).toContain('hello');
    expect(await child({ NODE_EXTRA_CA_CERTS: ca.file, HTTPS_PROXY: way.url }, `https://${AWAY}/`)).toContain(
      'hello',
    );
    expect(way.tunnels).toEqual([`${AWAY}:443`]);
    expect(await child({}, direct)).toMatch(/^failed: .*(SELF_SIGNED|UNABLE_TO)/);
  },
);
