import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type PushOptions, push, repoNamed } from './push.ts';
import { PushHub } from './testing/push-hub.ts';

let root: string;
let folder: string;
let hub: PushHub;
const FILES = ['cfg.json', 'sae_weights.safetensors'];

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'hub-push-'));
  folder = join(root, 'export');
  mkdirSync(folder);
  for (const name of [...FILES, 'notes.txt']) writeFileSync(join(folder, name), `what ${name} holds`);
  hub = new PushHub();
  await hub.open();
});
afterEach(async () => {
  await hub.close();
  rmSync(root, { recursive: true });
});

const pushed = (more: PushOptions = {}) => {
  const env = { HF_ENDPOINT: hub.url, HF_TOKEN: PushHub.TOKEN, HF_HOME: root };
  return push('me/my-sae', folder, { retryMs: 1, env, ...more });
};
const env = (over: NodeJS.ProcessEnv) => ({ env: { HF_ENDPOINT: hub.url, HF_HOME: root, ...over } });

it('makes a private model of the files of an export alone', async () => {
  expect(await pushed()).toBe(`${hub.url}/me/my-sae`);
  const model = hub.models.get('me/my-sae');
  expect(model?.visibility).toBe('private');
  expect(model?.commits).toEqual(['Upload an SAE']);
  expect([...(model?.files ?? [])].map(([name, bytes]) => [name, `${bytes}`])).toEqual(
    FILES.map((name) => [name, `what ${name} holds`]),
  );
  // The weights went to a store of another address, which saw no token.
  const atStore = hub.asked.filter(({ of }) => of === 'store');
  expect(atStore.map(({ method, authorization }) => [method, authorization])).toEqual([['PUT', undefined]]);
});

it('makes a public model where that is asked for', async () => {
  await pushed({ isPublic: true });
  expect(hub.models.get('me/my-sae')?.visibility).toBe('public');
});

it('adds to a model that exists, and to a public one only where that is asked for', async () => {
  await pushed();
  writeFileSync(join(folder, 'cfg.json'), 'another');
  await pushed();
  const model = hub.models.get('me/my-sae');
  expect([model?.commits.length, `${model?.files.get('cfg.json')}`]).toEqual([2, 'another']);
  // The weights were in the store already.
  expect(hub.asked.filter(({ of }) => of === 'store')).toHaveLength(1);

  if (model) model.visibility = 'public';
  writeFileSync(join(folder, 'cfg.json'), 'a third');
  await expect(pushed()).rejects.toThrow(
    'me/my-sae exists and is public, so nothing was pushed; --public pushes to it',
  );
  expect(model?.commits).toHaveLength(2);
  await pushed({ isPublic: true });
  expect(model?.commits).toHaveLength(3);
});

it('takes a token that may write to a model and make none', async () => {
  hub.mayCreate = false;
  await expect(pushed()).rejects.toThrow(/HTTP 403; the request was sent with HF_TOKEN/);
  hub.models.set('me/my-sae', { visibility: 'private', files: new Map(), commits: [] });
  await pushed();
  expect(hub.models.get('me/my-sae')?.commits).toHaveLength(1);
});

it('goes on after faults of the server and broken connections, wherever they come', async () => {
  await pushed();
  const requests = hub.asked.length;
  for (let at = 0; at < requests; at++) {
    hub.models.clear();
    hub.faults = [...Array(at).fill(undefined), 503, 0, 500];
    writeFileSync(join(folder, 'sae_weights.safetensors'), `other weights, ${at}`);
    await pushed();
    expect(`${hub.models.get('me/my-sae')?.files.get('sae_weights.safetensors')}`).toBe(
      `other weights, ${at}`,
    );
  }
  hub.asked.length = 0;
  hub.faults = Array(9).fill(503);
  await expect(pushed({ attempts: 3 })).rejects.toThrow(
    /^me\/my-sae could not be pushed to http.* \(HTTP 503\)$/,
  );
  expect(hub.asked).toHaveLength(3);
});

it('says in one line what is missing, and never the token, which a hub may repeat', async () => {
  await expect(pushed(env({}))).rejects.toThrow(/^--push needs your token: set HF_TOKEN, or log in/);
  await expect(pushed(env({ HF_TOKEN: 'mine', HF_HUB_OFFLINE: '1' }))).rejects.toThrow(
    /HF_HUB_OFFLINE is set/,
  );
  expect(hub.asked).toEqual([]);
  const refused = await pushed(env({ HF_TOKEN: 'hf_wrong-one' })).catch((error: Error) => error.message);
  expect(refused).toMatch(
    /^me\/my-sae could not be pushed .*HTTP 401; the request was sent with HF_TOKEN\)$/,
  );
  expect(refused).not.toContain('hf_wrong');
  hub.asked.length = 0;
  rmSync(join(folder, 'cfg.json'));
  await expect(pushed()).rejects.toThrow('there is no cfg.json');
  expect(hub.asked).toEqual([]);
});

it('follows no link, which could name a file of the user’s', async () => {
  writeFileSync(join(root, 'secret'), 'secret');
  symlinkSync(join(root, 'secret'), join(folder, 'encode.py'));
  await expect(pushed()).rejects.toThrow('encode.py: is no plain file; not pushed');
  expect(hub.asked).toEqual([]);
});

it('takes names of models alone', () => {
  expect(repoNamed('me/my-sae.v2')).toBe('me/my-sae.v2');
  for (const bad of [undefined, '', 'me', '--token/x', 'a/b/c', 'a b/c'])
    expect(() => repoNamed(bad)).toThrow('must be owner/name');
});
