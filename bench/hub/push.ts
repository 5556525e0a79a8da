import { closeSync, lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { commit, createRepo, HubApiError, modelInfo } from '@huggingface/hub';
import { UserError } from '#contract/errors';
import { openUntrusted } from '#host/untrusted';
import { reason } from './reason.ts';
import { type Hub, hubOf, offlineBy } from './settings.ts';

/** What an export consists of. Code of the workspace wrote the folder: nothing else in it is pushed. */
const FILES = [
  ...['cfg.json', 'sae_weights.safetensors', 'parity.safetensors', 'encode.py', 'register_sae.py'],
];

export interface PushOptions {
  /** Whether everybody may see the model; default: nobody but the user. */
  isPublic?: boolean;
  env?: NodeJS.ProcessEnv;
  /** Called with lines that name the proxies. */
  onNote?: (line: string) => void;
  attempts?: number;
  retryMs?: number;
}

/**
 * Puts an exported folder on the user's hub, as the model `repo` (`owner/name`), with the token that Hugging
 * Face's own conventions give (settings.ts). A model that exists gets a further commit. Returns its address.
 * @throws UserError where there is no token, the folder is no export, the hub refuses, or the model exists
 * and is public, which was not asked for
 */
export async function push(repo: string, folder: string, options: PushOptions = {}): Promise<string> {
  const { isPublic = false, env = process.env, attempts = 5, retryMs = 500 } = options;
  const operations = filesOf(folder).map(({ name, bytes }) => ({
    ...{ operation: 'addOrUpdate' as const, path: name, content: new Blob([bytes]) },
  }));
  const offline = offlineBy(env);
  if (offline) throw new UserError(`--push reaches a hub, and ${offline} is set; unset it`);
  const hub = hubOf({}, env);
  if (hub.authorization === undefined)
    throw new UserError(
      '--push needs your token: set HF_TOKEN, or log in with the hub’s own program (hf auth login)',
    );
  for (const note of hub.network.notes) options.onNote?.(note);
  const at = { hubUrl: hub.url, fetch: patient(hub, attempts, retryMs) };
  try {
    if (!(await created(repo, isPublic, at)) && !isPublic && !(await isPrivate(repo, at)))
      throw new UserError(`${repo} exists and is public, so nothing was pushed; --public pushes to it`);
    await commit({ ...at, repo, title: 'Upload an SAE', operations, useXet: false });
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${repo} could not be pushed to ${hub.url} (${reason(error, hub)})`);
  }
  return `${hub.url}/${repo}`;
}

type At = { hubUrl: string; fetch: typeof fetch };

/** Makes the model. False where it exists, or where the token may not make any: then it has to exist. */
async function created(repo: string, isPublic: boolean, at: At): Promise<boolean> {
  try {
    // The credentials are those of `fetch`; the library takes no token that begins otherwise than the hub's.
    const visibility = isPublic ? 'public' : 'private';
    await createRepo({ ...at, repo, visibility, accessToken: 'hf_' });
    return true;
  } catch (error) {
    const exists = error instanceof HubApiError && error.statusCode === 409;
    const may = error instanceof HubApiError && [401, 402, 403].includes(error.statusCode);
    if (exists) return false;
    if (!may) throw error;
    await modelInfo({ ...at, name: repo }).catch(() => {
      throw error;
    });
    return false;
  }
}

const isPrivate = async (repo: string, at: At): Promise<boolean> =>
  (await modelInfo({ ...at, name: repo })).private;

/**
 * `fetch` that goes on after a server's fault or a broken connection, and sends the credentials to the hub's
 * own address alone: files go to a store of another owner.
 */
function patient(hub: Hub, attempts: number, retryMs: number): typeof fetch {
  return async (input, init) => {
    const headers = new Headers(init?.headers);
    headers.delete('authorization');
    const address = new URL(input instanceof Request ? input.url : input);
    const isOwn = address.origin === new URL(hub.url).origin;
    if (isOwn && hub.authorization !== undefined) headers.set('authorization', hub.authorization);
    for (let failures = 1; ; failures++) {
      try {
        // A redirect would take the credentials along.
        const answer = await hub.network.fetch(input, { ...init, headers, redirect: 'manual' });
        const passes = answer.status >= 500 || answer.status === 429 || answer.status === 408;
        if (!passes || failures >= attempts) return answer;
        await answer.body?.cancel();
      } catch (error) {
        if (failures >= attempts) throw error;
      }
      await sleep(Math.min(30_000, retryMs * 2 ** (failures - 1)));
    }
  };
}

/**
 * @throws UserError for a folder that is no export, or with a link, which could name any file of the user's
 */
function filesOf(folder: string): { name: string; bytes: Uint8Array<ArrayBuffer> }[] {
  const files = FILES.flatMap((name) => {
    const path = join(folder, name);
    const file = openUntrusted(path);
    if (file === null) {
      if (!isThere(path)) return [];
      throw new UserError(`${path}: is no plain file; not pushed`);
    }
    try {
      return [{ name, bytes: new Uint8Array(readFileSync(file.fd)) }];
    } finally {
      closeSync(file.fd);
    }
  });
  if (!files.some(({ name }) => name === 'cfg.json'))
    throw new UserError(`${folder}: there is no cfg.json; export it first`);
  return files;
}

const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

/** @throws UserError for what is no name of a model on a hub */
export function repoNamed(text: string | undefined): string {
  if (text !== undefined && /^[\w.-]+\/[\w.-]+$/.test(text) && !text.startsWith('-')) return text;
  throw new UserError(`--push ${text ?? ''}: must be owner/name`);
}
