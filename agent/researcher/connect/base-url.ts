import { UserError } from '#contract/errors';
import { isLoopback } from '#host/network/loopback';

const DEFAULT_BASE_URL = 'https://api.anthropic.com';

/**
 * The address of the Messages API, ready for the SDK, which appends /v1/messages. @throws UserError naming
 * ANTHROPIC_BASE_URL.
 */
export function baseURLOf(env: NodeJS.ProcessEnv = process.env): string {
  const value = env.ANTHROPIC_BASE_URL?.trim();
  return value ? normalBaseURL(value, 'ANTHROPIC_BASE_URL') : DEFAULT_BASE_URL;
}

/**
 * The address without trailing slashes and without the /v1 or /v1/messages that people copy along. Any other
 * path belongs to the gateway and stays.
 */
export function normalBaseURL(value: string, variable: string): string {
  const url = checkedURL(value, variable);
  return url.origin + url.pathname.replace(/(?:\/|\/v1(?:\/+messages)?)+$/, '');
}

/**
 * The address of a cloud, whose own package appends its path: /v1 can be a part of it. Null where the
 * variable is not set.
 */
export function cloudBaseURL(env: NodeJS.ProcessEnv, variable: string): string | null {
  const value = env[variable]?.trim();
  if (!value) return null;
  const url = checkedURL(value, variable);
  return url.origin + url.pathname.replace(/\/+$/, '');
}

/**
 * An address that requests can be sent to.
 * @throws UserError naming the variable. The value is no part of the message, because it may hold a password.
 */
function checkedURL(value: string, variable: string): URL {
  const example = `such as ${DEFAULT_BASE_URL} or https://gateway.example/anthropic`;
  const url = parsed(value);
  if (!url || !/^https?:$/.test(url.protocol))
    throw new UserError(`${variable} is not an http or https address; set it to one ${example}`);
  if (url.username || url.password)
    throw new UserError(
      `${variable} contains a user name or password, which would appear in logs; remove it`,
    );
  if (/[?#]/.test(value))
    throw new UserError(
      `${variable} has a query or a fragment; set it to an address without one, ${example}`,
    );
  return url;
}

function parsed(value: string): URL | null {
  // The URL parser silently drops tabs and line breaks.
  return URL.canParse(value) && !/\s/.test(value) ? new URL(value) : null;
}

/** Host and path of an address, shown to the user. */
export function shownURL(baseURL: string): string {
  const url = new URL(baseURL);
  return url.host + url.pathname.replace(/\/$/, '');
}

/** A warning where credentials would cross the network in the clear. */
export function plainHttpNotes(baseURL: string, variable: string): string[] {
  const url = new URL(baseURL);
  if (url.protocol === 'https:' || isLoopback(url.hostname)) return [];
  return [`${variable} is plain http: the credential and the conversation are sent unencrypted`];
}
