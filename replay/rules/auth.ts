import type { IncomingHttpHeaders } from 'node:http';

/** Which kind of key the server accepts. A request with both kinds is always refused. */
export type Accepts = 'x-api-key' | 'bearer' | 'any';

/** The message of a 401; null where the key is accepted. */
export function unauthorized(headers: IncomingHttpHeaders, accepts: Accepts): string | null {
  const key = headers['x-api-key'];
  const bearer = headers.authorization;
  if (key !== undefined && bearer !== undefined) {
    return 'x-api-key and Authorization must not both be sent';
  }
  if (bearer !== undefined && !/^Bearer \S+$/i.test(bearer)) return 'Invalid bearer token';
  if (accepts === 'x-api-key' && key === undefined) return 'x-api-key header is required';
  if (accepts === 'bearer' && bearer === undefined) return 'Authorization header is required';
  return key || bearer ? null : 'x-api-key header is required';
}
