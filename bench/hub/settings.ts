import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '#contract/errors';
import { expanded } from '#host/home';
import { type Network, networkOf } from '#host/network/network';
import { hubHome } from './cache.ts';

/** How the hub is reached. */
export interface Hub {
  /** Without credentials: what may be shown. */
  url: string;
  authorization?: string;
  /** Where that comes from, in words, for the case that it is refused. */
  authorizedBy?: string;
  /** What must not be printed, in all its spellings. */
  secrets: string[];
  /** Through the proxies of the environment. */
  network: Network;
}

const isTrue = (value: string | undefined) => /^(1|on|yes|true)$/i.test(value?.trim() ?? '');

/**
 * HF_HUB_OFFLINE, or the TRANSFORMERS_OFFLINE that Python's library takes for the same: the one that is set;
 * null where none is.
 */
export function offlineBy(env: NodeJS.ProcessEnv = process.env): string | null {
  const names = ['HF_HUB_OFFLINE', 'TRANSFORMERS_OFFLINE'];
  const said = names.find((name) => env[name] !== undefined && env[name] !== '');
  return said !== undefined && isTrue(env[said]) ? said : null;
}

/** Seconds of a variable, in milliseconds. */
export function timeoutOf(name: string, otherwise: number, env: NodeJS.ProcessEnv = process.env): number {
  const seconds = Number(env[name]);
  return env[name] && Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : otherwise;
}

/**
 * The address, HF_ENDPOINT unless told, and who asks: the user and password of the address, else the token.
 * @throws UserError where it is no address, or a proxy's is none, without printing it.
 */
export function hubOf(asked: { hubUrl?: string; accessToken?: string }, env = process.env): Hub {
  const text = asked.hubUrl ?? (env.HF_ENDPOINT?.trim() || 'https://huggingface.co');
  if (!URL.canParse(text) || !/^https?:/i.test(text))
    throw new UserError('HF_ENDPOINT is not an address; write it like https://mirror.example');
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
