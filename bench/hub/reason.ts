import { HubApiError } from '@huggingface/hub';
import type { Hub } from './settings.ts';

/**
 * The cause of an error in a few words, without secrets. The message `fetch failed` hides its cause, and a
 * server may echo the credentials it was sent.
 */
export function reason(error: unknown, { authorizedBy, secrets }: Hub): string {
  if (error instanceof HubApiError) {
    const refused = authorizedBy !== undefined && [401, 403].includes(error.statusCode);
    return `HTTP ${error.statusCode}${refused ? `; the request was sent with ${authorizedBy}` : ''}`;
  }
  const { message, cause } = error instanceof Error ? error : new Error(String(error));
  const under = cause as NodeJS.ErrnoException | undefined;
  const text = under ? `${message}: ${under.code ?? under.message}` : message;
  // Secrets are replaced before the first line is taken: a token may contain a line break.
  return secrets
    .filter((secret) => secret !== '')
    .reduce((shown, secret) => shown.replaceAll(secret, '[secret]'), text)
    .split('\n')[0];
}
