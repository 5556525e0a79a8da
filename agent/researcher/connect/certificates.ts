import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { UserError } from '#contract/errors';

const VARIABLE = 'NODE_EXTRA_CA_CERTS';
const PEM =
  /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[\s\S]+?-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g;

/**
 * Checks the file of NODE_EXTRA_CA_CERTS. Node reads it itself at its start. Where it cannot, it only warns,
 * and each call then fails with an error about a self-signed certificate.
 * @throws UserError where the file cannot be read or holds no certificate.
 */
export function checkCertificates(env: NodeJS.ProcessEnv = process.env): void {
  const file = env[VARIABLE];
  if (!file) return;
  let text: string;
  try {
    text = readFileSync(file, 'latin1');
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? ` (${error.code})` : '';
    throw new UserError(`${VARIABLE}: the file ${file} cannot be read${why}`);
  }
  const blocks = text.match(PEM) ?? [];
  if (blocks.length === 0) {
    throw new UserError(`${VARIABLE}: the file ${file} holds no certificate in PEM form (BEGIN CERTIFICATE)`);
  }
  for (const block of blocks) {
    try {
      new X509Certificate(block);
    } catch {
      throw new UserError(`${VARIABLE}: the file ${file} holds a certificate that cannot be read`);
    }
  }
}
