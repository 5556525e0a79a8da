import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UserError } from '#contract/errors';
import { hubCache } from './cache.ts';
import { type FetchOptions, fetchReleased } from './fetch.ts';
import { verifyReleased } from './released.ts';
import { Hub } from './testing/hub.ts';

const WEIGHTS = 'synthetic_model.safetensors';
let hub: Hub;
let hubUrl: string;
let cacheDir: string;
let options: FetchOptions;
const before = { ...process.env };

beforeEach(async () => {
  hub = new Hub();
  hubUrl = await hub.open();
  cacheDir = mkdtempSync(join(tmpdir(), 'hub-'));
  options = { release: hub.release, hubUrl, cacheDir, attempts: 3, retryMs: 5 };
  for (const name of Object.keys(process.env))
    if (/^(HF|HUGGING|TRANSF)/.test(name)) delete process.env[name];
  process.env.HF_HOME = join(cacheDir, 'home');
});
afterEach(async () => {
  await hub.close();
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
  rmSync(cacheDir, { recursive: true, force: true });
});
const complaint = (more: FetchOptions = {}) =>
  fetchReleased({ ...options, attempts: 1, ...more }).then(
    () => 'nothing is wrong',
    (error: Error) => {
      expect(error).toBeInstanceOf(UserError);
      expect(error.message).not.toContain('\n');
      return error.message;
    },
  );
/** The distinct authorization headers of all requests; nothing else in this file may send a token. */
const asked = () => [...new Set(hub.requests.map(({ authorization }) => authorization))];

describe('a mirror', () => {
  it.each([
    [false, true],
    [true, false],
    [false, false],
  ])('with etags %s and ranges %s gives the files, also after a cut', async (etags, ranged) => {
    hub.etags = etags;
    hub.ranged = ranged;
    hub.bodyFaults.push({ cutAfter: 100_000 });
    const dir = await fetchReleased(options);
    verifyReleased(dir, hub.release);
    // Blobs have the names that Python gives them where the mirror sends etags, else the files' SHA-256.
    const blobs = readdirSync(join(dir, '../../blobs'));
    expect(blobs.every((name) => name.length === (etags ? 40 : 64))).toBe(true);
    await fetchReleased(options);
  });

  it('gets user and password of its address, which are printed nowhere, and a place elsewhere does not', async () => {
    const seen: (string | undefined)[] = [];
    const elsewhere = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(302, { location: `${hubUrl}${request.url}` }).end();
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
    const { port } = elsewhere.address() as AddressInfo;
    process.env.HF_TOKEN = 'hf_other';
    const withUser = { hubUrl: `http://ada:s%40cret@127.0.0.1:${port}/` };
    verifyReleased(await fetchReleased({ ...options, ...withUser }), hub.release);
    expect(new Set(seen)).toEqual(new Set([`Basic ${Buffer.from('ada:s@cret').toString('base64')}`]));
    expect(asked()).toEqual([undefined]);
    elsewhere.closeAllConnections();
    elsewhere.close();
    rmSync(cacheDir, { recursive: true });
    const message = await complaint(withUser);
    expect(message).toContain(`could not be downloaded from http://127.0.0.1:${port} (`);
    expect(message).not.toMatch(/s%40cret|s@cret|ada/);
    expect(await complaint({ hubUrl: 'ada:s%40cret@mirror' })).toBe(
      'HF_ENDPOINT is not an address; set it to one like https://mirror.example',
    );
  });
});

describe('a cache', () => {
  it('on a disk without links holds the files themselves', async () => {
    const link = () => {
      throw Object.assign(new Error('operation not supported'), { code: 'ENOTSUP', syscall: 'symlink' });
    };
    const dir = await fetchReleased({ ...options, link });
    verifyReleased(dir, hub.release);
    expect(lstatSync(join(dir, WEIGHTS)).isFile()).toBe(true);
    expect(readdirSync(dir)).toHaveLength(3);
    const { length } = hub.requests;
    await fetchReleased({ ...options, link });
    expect(hub.requests).toHaveLength(length);
  });

  it('holds them too where links are not wanted', async () => {
    process.env.HF_HUB_DISABLE_SYMLINKS = '1';
    expect(lstatSync(join(await fetchReleased(options), WEIGHTS)).isFile()).toBe(true);
  });

  it('that cannot be written is told with its name', async () => {
    writeFileSync(join(cacheDir, 'file'), '');
    expect(await complaint({ cacheDir: join(cacheDir, 'file') })).toBe(
      `${join(cacheDir, 'file')}: cannot be written (ENOTDIR); name another folder in HF_HUB_CACHE`,
    );
  });

  it('is where the variables say, as Python reads them', () => {
    const home = { HOME: '/home/ada', SCRATCH: '/scratch' };
    expect(hubCache({ ...home, HF_HUB_CACHE: '~/cache' })).toBe('/home/ada/cache');
    expect(hubCache({ ...home, HUGGINGFACE_HUB_CACHE: '/old', HF_HOME: '/x' })).toBe('/old');
    expect(hubCache({ ...home, HF_HOME: '$SCRATCH/x/$NOWHERE' })).toBe('/scratch/x/$NOWHERE/hub');
    expect(hubCache({ ...home, HF_HOME: `$${'{SCRATCH}'}/x` })).toBe('/scratch/x/hub');
    expect(hubCache({ ...home, XDG_CACHE_HOME: '~' })).toBe('/home/ada/huggingface/hub');
  });
});

describe('the token', () => {
  const tokens: [string, string | undefined, (env: NodeJS.ProcessEnv) => unknown][] = [
    [
      'HF_TOKEN',
      'hf_a',
      (env) => Object.assign(env, { HF_TOKEN: ' hf_a\n', HUGGING_FACE_HUB_TOKEN: 'hf_b' }),
    ],
    ['its older name', 'hf_b', (env) => Object.assign(env, { HF_TOKEN: '', HUGGING_FACE_HUB_TOKEN: 'hf_b' })],
    ['one of a mirror’s', 'mine', (env) => Object.assign(env, { HF_TOKEN: 'mine' })],
    ['the file of a login', 'hf_c', () => put('home/token', 'hf_c\n')],
    ['HF_TOKEN_PATH', 'hf_d', (env) => Object.assign(env, { HF_TOKEN_PATH: put('elsewhere', 'hf_d') })],
    [
      'none where none is to be sent',
      undefined,
      (env) => Object.assign(env, { HF_TOKEN: 'hf_a', HF_HUB_DISABLE_IMPLICIT_TOKEN: '1' }),
    ],
  ];
  const put = (name: string, text: string) => {
    mkdirSync(join(cacheDir, 'home'), { recursive: true });
    writeFileSync(join(cacheDir, name), text);
    return join(cacheDir, name);
  };
  it.each(tokens)('is %s', async (_, token, apply) => {
    apply(process.env);
    await fetchReleased(options);
    expect(asked()).toEqual([token && `Bearer ${token}`]);
  });

  it('that is refused is named by where it comes from', async () => {
    process.env.HF_TOKEN = 'hf_stale';
    hub.faults.push({ status: 401 });
    expect(await complaint()).toContain('(HTTP 401; the request was sent with HF_TOKEN)');
  });
});

it.each([
  [{ HF_HUB_OFFLINE: 'ON' }, 'HF_HUB_OFFLINE is set'],
  [{ TRANSFORMERS_OFFLINE: '1' }, 'TRANSFORMERS_OFFLINE is set'],
  [{ HF_HUB_OFFLINE: '0', TRANSFORMERS_OFFLINE: '1' }, 'nothing is wrong'],
])('%j', async (env, what) => {
  Object.assign(process.env, env);
  expect(await complaint()).toContain(what);
  if (what !== 'nothing is wrong') expect(hub.requests).toEqual([]);
});

it('waits as long as HF_HUB_ETAG_TIMEOUT says', async () => {
  process.env.HF_HUB_ETAG_TIMEOUT = '0.2';
  hub.faults.push({ silent: true });
  expect(await complaint()).toContain('no answer within 0.2 s');
});

it('the command prints nothing of the address either', async () => {
  // A refusal is final: a hub that cannot be reached would be asked again for seconds.
  hub.faults.push({ status: 403 });
  const { exitCode, stderr, stdout } = await execa(
    process.execPath,
    ['--import', 'tsx', 'bench/cli/fetch.ts'],
    {
      reject: false,
      env: {
        ...{ WORLD_DIR: join(cacheDir, 'none'), HF_HUB_CACHE: cacheDir },
        HF_ENDPOINT: hubUrl.replace('://', '://ada:s3cret@'),
      },
    },
  );
  expect(exitCode).toBe(2);
  expect(stderr).toContain(`from ${hubUrl} (HTTP 403`);
  expect(stderr + stdout).not.toMatch(/ada|s3cret/);
});
