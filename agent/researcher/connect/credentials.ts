import { UserError } from '#contract/errors';
import type { Via } from './client.ts';
import { chosenVia } from './clouds.ts';

/** One credential and the one header that carries it. */
export interface Credential {
  variable: 'ANTHROPIC_API_KEY' | 'ANTHROPIC_AUTH_TOKEN';
  secret: string;
}

/** How a credential is sent, in words. */
export const SENT_AS = {
  ANTHROPIC_API_KEY: 'x-api-key',
  ANTHROPIC_AUTH_TOKEN: 'Authorization: Bearer',
} as const;

/** The headers of which exactly one carries a credential. */
const AUTH_HEADERS = ['authorization', 'x-api-key'];

/**
 * The credential for the Messages API. With both variables set the token wins, as in Claude Code.
 * @throws UserError without one, or for one that no header can carry. The value is never part of the message.
 */
export function credentialOf(env: NodeJS.ProcessEnv = process.env): {
  credential: Credential;
  notes: string[];
} {
  const key = value(env, 'ANTHROPIC_API_KEY');
  const token = value(env, 'ANTHROPIC_AUTH_TOKEN');
  const credential = token ?? key;
  if (!credential) {
    throw new UserError(
      'neither ANTHROPIC_API_KEY nor ANTHROPIC_AUTH_TOKEN is set; set one, or run "npm run loop -- --researcher offline" for the offline replay',
    );
  }
  const notes: string[] = [];
  if (key && token) {
    notes.push(
      `ANTHROPIC_API_KEY and ANTHROPIC_AUTH_TOKEN are both set: ANTHROPIC_AUTH_TOKEN is used (sent as ${SENT_AS.ANTHROPIC_AUTH_TOKEN}) and ANTHROPIC_API_KEY is ignored; to use the key, unset ANTHROPIC_AUTH_TOKEN`,
    );
  }
  return { credential, notes: [...notes, ...customHeaderNotes(env)] };
}

/** Whether Claude can be used: a credential is in the environment, or a cloud with its own is selected. */
export function hasCredentials(env: NodeJS.ProcessEnv = process.env, via: Via | null = null): boolean {
  const set = [env.ANTHROPIC_API_KEY, env.ANTHROPIC_AUTH_TOKEN].some((secret) => secret?.trim());
  // Two clouds at once are an error that `reach` reports, and no reason for the offline replay.
  return set || chosenVia(via, env, 'any') !== 'api';
}

/**
 * Client options that send the credential in exactly one header. The SDK sends a key as Bearer too, and adds
 * the headers of ANTHROPIC_CUSTOM_HEADERS. Default headers come last and override both. They are pairs,
 * because the keys of an object would be case-sensitive.
 */
export function authOptions({ variable, secret }: Credential) {
  return variable === 'ANTHROPIC_API_KEY'
    ? { apiKey: secret, authToken: null, defaultHeaders: onlyAuth('x-api-key', secret) }
    : { apiKey: null, authToken: secret, defaultHeaders: onlyAuth('authorization', `Bearer ${secret}`) };
}

/**
 * Default headers that set one credential header and remove the other. A null name removes both, because the
 * cloud's own package adds one.
 */
export function onlyAuth(name: 'authorization' | 'x-api-key' | null, secret = ''): [string, string | null][] {
  return AUTH_HEADERS.map((header) => [header, header === name ? secret : null]);
}

/** Says which header of ANTHROPIC_CUSTOM_HEADERS is not sent. The SDK sends the others. */
export function customHeaderNotes(env: NodeJS.ProcessEnv): string[] {
  const names = (env.ANTHROPIC_CUSTOM_HEADERS ?? '')
    .split('\n')
    .map((line) => line.replace(/:.*/s, '').trim());
  return names
    .filter((name) => AUTH_HEADERS.includes(name.toLowerCase()))
    .map((name) => `"${name}" of ANTHROPIC_CUSTOM_HEADERS is not sent: each request has one credential only`);
}

function value(env: NodeJS.ProcessEnv, variable: Credential['variable']): Credential | null {
  const secret = secretOf(env, variable);
  return secret === null ? null : { variable, secret };
}

/**
 * A secret of the environment, trimmed; null where there is none. @throws UserError for one that no header
 * can carry.
 */
export function secretOf(env: NodeJS.ProcessEnv, variable: string): string | null {
  const secret = env[variable]?.trim();
  if (!secret) return null;
  const flaw = /[\r\n]/.test(secret)
    ? 'a line break'
    : /\s/.test(secret)
      ? 'a blank'
      : /[^\x21-\x7e]/.test(secret)
        ? 'a character that no header can carry'
        : null;
  if (flaw) throw new UserError(`${variable} has ${flaw} in it; set it to the bare value, in one line`);
  return secret;
}
