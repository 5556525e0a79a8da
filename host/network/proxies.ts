import { UserError } from '#contract/errors';

/**
 * What undici's EnvHttpProxyAgent takes; empty where there is none. Without a proxy for https it uses the one
 * for http.
 */
export interface Proxies {
  https: string;
  http: string;
  none: string;
}

/**
 * The proxies of the environment. Names in lower case win, as everywhere. ALL_PROXY stands in for both others
 * where it names an http proxy; a SOCKS proxy there is for other programs.
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

/** Lower case first; set to nothing it says "none", whatever stands in upper case. */
function setting(env: NodeJS.ProcessEnv, name: string): Setting | null {
  const variable = env[name.toLowerCase()] === undefined ? name : name.toLowerCase();
  const value = env[variable]?.trim();
  return value ? { variable, value } : null;
}

function check({ variable, value }: Setting): void {
  try {
    const url = new URL(value);
    // Both are sent decoded.
    decodeURIComponent(url.username + url.password);
    if (/^https?:$/.test(url.protocol) && url.hostname && !/\s/.test(value)) return;
  } catch {
    // Told below.
  }
  throw new UserError(
    `${variable} is not the address of an http proxy; set it to one such as http://proxy.example:3128, or unset it`,
  );
}
