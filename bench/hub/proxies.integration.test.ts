import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { cleanEnv } from '#host/env';
import { listening, proxy } from '#host/network/testing/server';
import { authority } from '#host/network/testing/tls';
import { type FetchOptions, fetchReleased } from './fetch.ts';
import { verifyReleased } from './released.ts';
import { Hub } from './testing/hub.ts';

/** A host name that resolves only through the proxy: RFC 6761 keeps "invalid" out of the DNS. */
const AWAY = 'api.invalid';
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
let hub: Hub;
let port: number;
let cacheDir: string;
let options: FetchOptions;

beforeEach(async () => {
  hub = new Hub();
  port = Number(new URL(await hub.open()).port);
  cacheDir = mkdtempSync(join(tmpdir(), 'hub-'));
  options = { release: hub.release, hubUrl: `http://${AWAY}`, cacheDir, attempts: 1, retryMs: 5 };
  for (const name of Object.keys(process.env)) if (/proxy$/i.test(name)) vi.stubEnv(name, undefined);
  vi.stubEnv('HF_HOME', join(cacheDir, 'home'));
});
afterEach(async () => {
  await hub.close();
  vi.unstubAllEnvs();
  rmSync(cacheDir, { recursive: true, force: true });
});

it.each(['HTTP_PROXY', 'http_proxy', 'ALL_PROXY'])(
  'goes through the proxy of %s, and says so once',
  async (name) => {
    await using way = await proxy(port);
    vi.stubEnv(name, way.url.replace('//', '//me:p%40ss@'));
    hub.bodyFaults.push({ cutAfter: 100_000 });
    const notes: string[] = [];
    const dir = await fetchReleased({ ...options, attempts: 3, onNote: (line) => notes.push(line) });
    verifyReleased(dir, hub.release);
    expect(notes).toEqual([`connections go through the proxy ${new URL(way.url).host} of ${name}`]);
    expect([...new Set(way.tunnels)]).toEqual([`${AWAY}:80`]);
    expect([...new Set(way.auth)]).toEqual([`Basic ${Buffer.from('me:p@ss').toString('base64')}`]);
  },
);

it('leaves the proxy out for hosts of NO_PROXY, and for this machine itself', async () => {
  await using way = await proxy(9);
  vi.stubEnv('HTTP_PROXY', way.url);
  vi.stubEnv('NO_PROXY', '0.0.0.0');
  for (const host of ['0.0.0.0', '127.0.0.1']) {
    const dir = join(cacheDir, host);
    await fetchReleased({ ...options, hubUrl: `http://${host}:${port}`, cacheDir: dir });
  }
  expect(way.tunnels).toEqual([]);
});

it('says in one line what is wrong with the proxy, without its password', async () => {
  vi.stubEnv('HTTP_PROXY', 'socks5://me:secret@proxy.example:1080');
  await expect(fetchReleased(options)).rejects.toThrow(
    /^HTTP_PROXY is not the address of an http proxy[^\n]*$/,
  );
  // Nothing listens at the end of this proxy's tunnels.
  await using way = await proxy(9);
  vi.stubEnv('HTTP_PROXY', way.url.replace('//', '//me:secret@'));
  const why = await fetchReleased(options).then(String, (error: Error) => error.message);
  expect(why).toContain(`(fetch failed: the proxy ${new URL(way.url).host} did not open a connection`);
  expect(why).not.toMatch(/secret|\n/);
});

it.skipIf(!hasOpenssl)('is asked by the command for https, with a certificate of one’s own', async () => {
  using ca = authority();
  const tls = createServer({ key: ca.key, cert: ca.cert }, (socket) => {
    const behind = connect(port, '127.0.0.1');
    for (const end of [socket, behind]) end.on('error', () => {});
    socket.pipe(behind).pipe(socket);
  });
  await using server = await listening(tls);
  await using way = await proxy(server.port);
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', 'bench/cli/fetch.ts', '--dir', join(cacheDir, 'to')],
    {
      cwd: join(import.meta.dirname, '../..'),
      env: {
        ...cleanEnv({ HTTPS_PROXY: way.url, HF_ENDPOINT: `https://${AWAY}`, NODE_EXTRA_CA_CERTS: ca.file }),
        HF_HOME: cacheDir,
      },
    },
  );
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  // The test's hub has other files than the released ones.
  expect(await new Promise((resolve) => child.once('close', resolve))).toBe(2);
  expect(said).toMatch(
    /^connections go through the proxy 127\.0\.0\.1:\d+ of HTTPS_PROXY\nerror: [^\n]*api\.invalid \(the repository has no [^\n]*\n$/,
  );
  expect([...new Set(way.tunnels)]).toEqual([`${AWAY}:443`]);
});
