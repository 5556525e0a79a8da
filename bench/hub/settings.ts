import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '#contract/errors';
import { expanded } from '#host/home';
import { type Network, networkOf } from '#host/network/network';
import { hubHome } from './cache.ts';

/** How the hub is reached. */
export interface Hub {
  /** The address without credentials; may be printed. */
  url: string;
  authorization?: string;
  /** Source of the credentials in words, for the message when the hub refuses them. */
  authorizedBy?: string;
  /** Secrets that must not be printed, in all their encodings. */
  secrets: string[];
  /** The connection, through the proxies that the environment names. */
  network: Network;
}

const isTrue = (value: string | undefined) => /^(1|on|yes|true)$/i.test(value?.trim() ?? '');

/**
 * The variable that asks for offline mode: HF_HUB_OFFLINE or, where that is empty, TRANSFORMERS_OFFLINE, as
 * in Python's library. Null where neither is set or the one that is set is not true.
 */
export function offlineBy(env: NodeJS.ProcessEnv = process.env): string | null {
  const names = ['HF_HUB_OFFLINE', 'TRANSFORMERS_OFFLINE'];
  const said = names.find((name) => env[name] !== undefined && env[name] !== '');
  return said !== undefined && isTrue(env[said]) ? said : null;
}

/** Reads a variable in seconds and returns milliseconds; `otherwise` where it is not a positive number. */
export function timeoutOf(name: string, otherwise: number, env: NodeJS.ProcessEnv = process.env): number {
  const seconds = Number(env[name]);
  return env[name] && Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : otherwise;
}

/**
 * The hub's address and credentials. The address is `hubUrl`, else HF_ENDPOINT. The credentials are the
 * user and password of the address, else the token.
 * @throws UserError where the address, or a proxy's, is invalid; the message does not contain it.
 */
export function hubOf(asked: { hubUrl?: string; accessToken?: string }, env = process.env): Hub {
  const text = asked.hubUrl ?? (env.HF_ENDPOINT?.trim() || 'https://huggingface.co');
  if (!URL.canParse(text) || !/^https?:/i.test(text))
    throw new UserError('HF_ENDPOINT is not an address; set it to one like https://mirror.example');
  const address = new URL(text);
  const { username, password } = address;
  address.username = address.password = '';
  const url = address.href.replace(/\/+$/, '');
  const network = networkOf(env);
  if (username !== '' || password !== '') {
    const pair = [username, password].map(decoded).join(':');
    const basic = Buffer.from(pair).toString('base64');
    const secrets = [basic, pair, password, decoded(password), `${username}:${password}`];
    return {
      url,
      authorization: `Basic ${basic}`,
      authorizedBy: 'the user and password of the address',
      secrets,
      network,
    };
  }
  const token = asked.accessToken ? { value: clean(asked.accessToken), from: 'the token' } : tokenOf(env);
  if (!token?.value) return { url, secrets: [], network };
  const { value, from } = token;
  return {
    url,
    authorization: `Bearer ${value}`,
    authorizedBy: from,
    secrets: [value, asked.accessToken ?? ''],
    network,
  };
}

/** The token of the environment, else the one that `hf auth login` wrote. */
function tokenOf(env: NodeJS.ProcessEnv): { value: string; from: string } | null {
  if (isTrue(env.HF_HUB_DISABLE_IMPLICIT_TOKEN)) return null;
  for (const name of ['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN']) {
    const value = clean(env[name] ?? '');
    if (value !== '') return { value, from: name };
  }
  const path = env.HF_TOKEN_PATH ? expanded(env.HF_TOKEN_PATH, env) : join(hubHome(env), 'token');
  try {
    return existsSync(path) ? { value: clean(readFileSync(path, 'utf8')), from: path } : null;
  } catch {
    return null; // Not ours to read.
  }
}

const clean = (token: string) => token.replace(/[\r\n]/g, '').trim();

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
