import { UserError } from '#contract/errors';
import type { Wheel } from './wheels.ts';

/** The index that pip uses where none is set. */
const PYPI = 'https://pypi.org/simple';

/** The user's package index: that of pip's environment, or PyPI. */
export const indexOf = (env: NodeJS.ProcessEnv): string => env.PIP_INDEX_URL?.trim() || PYPI;

/** An address without name and password, and those as a header. `shown` is for messages. */
export interface Address {
  url: string;
  headers: Record<string, string>;
  shown: string;
}

/** @throws UserError for what is no http or https address. */
export function addressOf(text: string): Address {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new UserError(
      'the package index is no http or https address; name one with --index or in PIP_INDEX_URL',
    );
  const url = new URL(text);
  const [name, password] = [url.username, url.password].map(decodeURIComponent);
  url.username = url.password = '';
  const headers: Record<string, string> =
    name === '' ? {} : { authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}` };
  return { url: url.href, headers, shown: `${url.origin}${url.pathname}` };
}

/**
 * Where a package index has a wheel. Reads both forms of an index: JSON (PEP 691) and HTML (PEP 503). Its
 * name and password are sent to the file's host only where that is the index itself.
 * @throws UserError if the index does not respond or does not have the file.
 */
export async function findWheel(
  wheel: Wheel,
  index: Address,
  fetch: typeof globalThis.fetch,
): Promise<Address> {
  const page = `${index.url.replace(/\/+$/, '')}/${wheel.name}/`;
  const accept =
    'application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1';
  const response = await fetch(page, {
    headers: { accept, ...index.headers },
    signal: AbortSignal.timeout(60_000),
  }).catch((error: Error) => {
    throw new UserError(`the package index ${index.shown} cannot be reached: ${causeOf(error)}`, 1);
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new UserError(`the package index ${index.shown} answers ${response.status} for ${wheel.name}`, 1);
  }
  const found = linksIn(response.headers.get('content-type') ?? '', await response.text())
    .map((link) => new URL(link, response.url || page))
    .find(({ pathname }) => decodeURIComponent(pathname.split('/').at(-1) ?? '') === wheel.file);
  if (!found) throw new UserError(`the package index ${index.shown} does not have ${wheel.file}`, 1);
  found.hash = '';
  const headers = found.origin === new URL(index.url).origin ? index.headers : {};
  return { ...addressOf(found.href), headers };
}

function linksIn(type: string, text: string): string[] {
  if (/\bjson\b/.test(type)) {
    const { files } = JSON.parse(text) as { files?: { url?: unknown }[] };
    return (files ?? []).flatMap(({ url }) => (typeof url === 'string' ? [url] : []));
  }
  return [...text.matchAll(/<a\s[^>]*?\bhref\s*=\s*(?:"([^"]*)"|'([^']*)')/gi)].map(([, double, single]) =>
    (double ?? single).replaceAll('&amp;', '&'),
  );
}

/** What a failed fetch says: its cause names the host or the certificate. */
export const causeOf = ({ message, cause }: Error): string =>
  cause instanceof Error && cause.message !== '' ? cause.message : message;
