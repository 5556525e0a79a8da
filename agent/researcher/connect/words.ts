import { type Credential, SENT_AS } from './credentials.ts';

/** For a 401 or 403: what was sent, and what a gateway may want instead. */
export function authHint({ variable }: Pick<Credential, 'variable'>): string {
  const other = variable === 'ANTHROPIC_API_KEY' ? 'ANTHROPIC_AUTH_TOKEN' : 'ANTHROPIC_API_KEY';
  return `check ${variable}, which was sent as ${SENT_AS[variable]}; a gateway may need ${other} instead, which is sent as ${SENT_AS[other]}`;
}
