import { UserError } from '#contract/errors';

/**
 * The options of undici's EnvHttpProxyAgent; an empty string means none. Without a proxy for https, undici
 * uses the one for http.
 */
export interface Proxies {
  https: string;
  http: string;
  none: string;
}

/**
 * The proxies of the environment. Names in lower case win, as in other programs. ALL_PROXY stands in for a
 * missing HTTPS_PROXY or HTTP_PROXY where it names an http proxy; a SOCKS proxy there is not used.
 * @throws UserError naming the variable. The value is no part of the message, because it may hold a password.
 */
export function proxiesOf(env: NodeJS.ProcessEnv = process.env): { proxies: Proxies; notes: string[] } {
  const https = setting(env, 'HTTPS_PROXY');
  const http = setting(env, 'HTTP_PROXY');
  const all = setting(env, 'ALL_PROXY');
  const none = setting(env, 'NO_PROXY')?.value ?? '';
  const notes: string[] = [];
  const socks = /^socks/i.test(all?.value ?? '');
  if (all && socks && !https) {
    notes.push(
      `${all.variable} names a SOCKS proxy, which is not supported and not used; for an http proxy, set HTTPS_PROXY`,
    );
  }
  const rest = socks ? null : all;
  const used = https ?? rest ?? http;
  for (const proxy of [https, http, rest]) if (proxy) check(proxy);
  if (used) {
    const but = none ? ', except for hosts of NO_PROXY' : '';
    notes.push(`connections go through the proxy ${new URL(used.value).host} of ${used.variable}${but}`);
  }
  return {
    proxies: { https: (https ?? rest)?.value ?? '', http: (http ?? rest)?.value ?? '', none },
    notes,
  };
}

interface Setting {
  variable: string;
  value: string;
}

/**
 * Reads a variable, the name in lower case first. Set to an empty value, that one means "none", whatever the
 * name in upper case holds.
 */
function setting(env: NodeJS.ProcessEnv, name: string): Setting | null {
  const variable = env[name.toLowerCase()] === undefined ? name : name.toLowerCase();
  const value = env[variable]?.trim();
  return value ? { variable, value } : null;
}

function check({ variable, value }: Setting): void {
  try {
    const url = new URL(value);
    // User name and password are sent decoded, so it must be possible to decode them.
    decodeURIComponent(url.username + url.password);
    if (/^https?:$/.test(url.protocol) && url.hostname && !/\s/.test(value)) return;
  } catch {
    // The error is thrown below.
  }
  throw new UserError(
    `${variable} is not the address of an http proxy; set it to one such as http://proxy.example:3128, or unset it`,
  );
}
