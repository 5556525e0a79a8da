import { spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UserError } from '#contract/errors';
import { hubCache } from './cache.ts';
import { type FetchOptions, fetchReleased, importReleased } from './fetch.ts';
import { sha256Of, verifyReleased } from './released.ts';
import { Hub } from './testing/hub.ts';

const WEIGHTS = 'synthetic_model.safetensors';
let hub: Hub;
let hubUrl: string;
let cacheDir: string;
let options: FetchOptions;

beforeEach(async () => {
  hub = new Hub();
  hubUrl = await hub.open();
  cacheDir = mkdtempSync(join(tmpdir(), 'hub-'));
  options = { release: hub.release, hubUrl, cacheDir, attempts: 3, retryMs: 5 };
});
afterEach(async () => {
  await hub.close();
  rmSync(cacheDir, { recursive: true, force: true });
});

async function complaint(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(UserError);
  const { message } = error as UserError;
  expect(message).not.toContain('\n');
  return message;
}

describe('fetching the released model', () => {
  it('lays the files out as Python’s cache does, and asks for nothing that is there', async () => {
    const seen: [string, number, number][] = [];
    const dir = await fetchReleased({ ...options, onProgress: (...progress) => seen.push(progress) });
    expect(dir).toBe(join(cacheDir, 'models--someone--some-model', 'snapshots', hub.release.revision));
    for (const [name, bytes] of hub.content) {
      expect(readFileSync(join(dir, name)).equals(Uint8Array.from(bytes))).toBe(true);
      expect(lstatSync(join(dir, name)).isSymbolicLink()).toBe(true);
    }
    expect(seen).toContainEqual([WEIGHTS, 300_000, 300_000]);
    expect(readdirSync(join(dir, '../../blobs')).filter((name) => name.includes('incomplete'))).toEqual([]);
    const asked = hub.requests.length;
    expect(await fetchReleased(options)).toBe(dir);
    expect(hub.requests.length).toBe(asked);
  });

  it('goes on behind the bytes it has after a cut', async () => {
    hub.bodyFaults.push({ cutAfter: 100_000 }, { cutAfter: 50_000 });
    const dir = await fetchReleased(options);
    verifyReleased(dir, hub.release);
    const starts = hub.ranges(WEIGHTS).map((range) => Number(/=(\d+)/.exec(range ?? '=0')?.[1]));
    expect(starts).toEqual([0, 100_000, 150_000]);
  });

  it('goes on in a later call, where an earlier one gave up', async () => {
    hub.bodyFaults.push({ cutAfter: 120_000 });
    await complaint(fetchReleased({ ...options, attempts: 1 }));
    await fetchReleased(options);
    expect(hub.ranges(WEIGHTS)).toEqual([undefined, 'bytes=120000-299999']);
  });

  it('outlasts more cuts than its attempts as long as bytes come', async () => {
    for (let i = 0; i < 8; i++) hub.bodyFaults.push({ cutAfter: 30_000 });
    verifyReleased(await fetchReleased(options), hub.release);
  });

  it('names and discards a file with a wrong hash, and gets it right the next time', async () => {
    const right = hub.content.get(WEIGHTS) as Buffer;
    hub.content.set(WEIGHTS, Buffer.alloc(300_000));
    expect(await complaint(fetchReleased(options))).toMatch(
      /^synthetic_model\.safetensors from .* is not the released file \(SHA-256 [0-9a-f]{64}, .*discarded/,
    );
    const dir = join(cacheDir, 'models--someone--some-model');
    expect(readdirSync(join(dir, 'blobs'))).toHaveLength(1);
    expect(existsSync(join(dir, 'snapshots', hub.release.revision, WEIGHTS))).toBe(false);
    hub.content.set(WEIGHTS, right);
    verifyReleased(await fetchReleased(options), hub.release);
  });

  it('mends a file that was damaged in the cache', async () => {
    const dir = await fetchReleased(options);
    writeFileSync(join(dir, WEIGHTS), 'half');
    verifyReleased(await fetchReleased(options), hub.release);
  });

  it('leaves a file alone that another process downloads, and takes over from one that has ended', async () => {
    writeFileSync(join(cacheDir, 'weights'), hub.content.get(WEIGHTS) as Buffer);
    const blob = join(
      cacheDir,
      'models--someone--some-model/blobs',
      sha256Of(join(cacheDir, 'weights')).slice(0, 40),
    );
    const ended = spawnSync(process.execPath, ['--version']).pid;
    mkdirSync(join(blob, '..'), { recursive: true });
    writeFileSync(`${blob}.incomplete.lock`, String(process.ppid));
    expect(await complaint(fetchReleased(options))).toMatch(
      /process \d+ is downloading it; wait until it has ended/,
    );
    expect(hub.ranges(WEIGHTS)).toEqual([]);
    writeFileSync(`${blob}.incomplete.lock`, String(ended));
    verifyReleased(await fetchReleased(options), hub.release);
    expect(readdirSync(join(blob, '..')).filter((name) => /incomplete|lock/.test(name))).toEqual([]);
  });

  it('waits out a 503 and a 429', async () => {
    hub.faults.push({ status: 503 }, { status: 429 });
    hub.bodyFaults.push({ status: 503 });
    verifyReleased(await fetchReleased(options), hub.release);
  });

  it('does not insist where it is refused or the file does not exist', async () => {
    for (const status of [401, 403, 404]) {
      const asked = hub.requests.length;
      hub.faults.push({ status });
      expect(await complaint(fetchReleased(options))).toContain(`HTTP ${status}`);
      expect(hub.requests.length).toBe(asked + 1);
    }
    hub.content.clear();
    expect(await complaint(fetchReleased(options))).toContain('has no synthetic_model_config.json');
  });

  it('sends the token and prints it nowhere', async () => {
    const accessToken = 'hf_notASecretButLikeOne';
    hub.faults.push({ status: 401 });
    expect(await complaint(fetchReleased({ ...options, accessToken }))).not.toContain(accessToken);
    expect(hub.requests[0].authorization).toBe(`Bearer ${accessToken}`);
  });

  it('prints nothing of a token with a line’s end in it', async () => {
    const accessToken = 'hf_notASecret\nButLikeOne';
    hub.faults.push({ status: 401 });
    const message = await complaint(fetchReleased({ ...options, accessToken, attempts: 1 }));
    expect(message).not.toMatch(/notASecret|ButLikeOne/);
    expect(hub.requests[0].authorization).toBe('Bearer hf_notASecretButLikeOne');
  });

  it('says offline in one line that names the files and where to put them, and soon', async () => {
    const other = new Hub();
    const refused = { ...options, hubUrl: await other.open(), attempts: 1 };
    await other.close();
    expect(await complaint(fetchReleased(refused))).toMatch(
      /ECONNREFUSED.*; try again, or put synthetic_model_config\.json, synthetic_model\.safetensors and hierarchy\.json.*state\/worlds\/synth-16k/,
    );
    hub.faults.push({ silent: true });
    expect(await complaint(fetchReleased({ ...options, attempts: 1, contactMs: 100 }))).toContain(
      'no answer within 0.1 s',
    );
  });
});

describe('importing the released model by hand', () => {
  it('copies a whole folder, and nothing of one with a wrong or missing file', () => {
    const from = join(cacheDir, 'downloads');
    const to = join(cacheDir, 'world');
    mkdirSync(from);
    for (const [name, bytes] of hub.content) writeFileSync(join(from, name), Uint8Array.from(bytes));
    importReleased(from, to, hub.release);
    verifyReleased(to, hub.release);
    const below = join(from, 'hierarchy.json', 'world');
    expect(() => importReleased(from, below, hub.release)).toThrow(`${below}: cannot be written (ENOTDIR)`);
    rmSync(to, { recursive: true });
    writeFileSync(join(from, 'hierarchy.json'), '{"roots": [1]}');
    expect(() => importReleased(from, to, hub.release)).toThrow(/hierarchy\.json: is not the released file/);
    rmSync(join(from, 'hierarchy.json'));
    mkdirSync(join(from, 'hierarchy.json'));
    expect(() => importReleased(from, to, hub.release)).toThrow(
      /hierarchy\.json: is a folder instead of a file/,
    );
    rmSync(join(from, 'hierarchy.json'), { recursive: true });
    expect(() => importReleased(from, to, hub.release)).toThrow(/hierarchy\.json: not found/);
    expect(existsSync(to)).toBe(false);
  });
});

describe('the command', () => {
  const run = (args: string[], env: NodeJS.ProcessEnv = {}) =>
    spawnSync(process.execPath, ['--import', 'tsx', 'bench/cli/fetch.ts', ...args], {
      encoding: 'utf8',
      env: { ...process.env, WORLD_DIR: join(cacheDir, 'none'), HF_HOME: cacheDir, ...env },
    });

  it('explains itself, and ends with one line and 2 where the hub cannot be used', () => {
    expect(run(['--help']).stdout).toContain('HF_ENDPOINT');
    const offline = run([], { HF_HUB_OFFLINE: '1' });
    expect(offline.status).toBe(2);
    expect(offline.stderr).toMatch(
      /^error: synthetic_model_config\.json .* HF_HUB_OFFLINE is set; unset it, or put .*\n$/,
    );
    const wrong = run(['--from', cacheDir]);
    expect(wrong.status).toBe(2);
    expect(wrong.stderr).toContain('synthetic_model_config.json: not found');
  });
});

it('the cache is where Hugging Face’s variables say', () => {
  expect(hubCache({ HF_HUB_CACHE: '/a', HF_HOME: '/b' })).toBe('/a');
  expect(hubCache({ HF_HOME: '/b', XDG_CACHE_HOME: '/c' })).toBe('/b/hub');
  expect(hubCache({ XDG_CACHE_HOME: '/c' })).toBe('/c/huggingface/hub');
});
