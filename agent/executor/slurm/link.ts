import { createPublicKey, diffieHellman, generateKeyPairSync, hkdfSync } from 'node:crypto';
import { type AddressInfo, isIP } from 'node:net';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { UserError } from '#contract/errors';

// A connection between a supervisor and one job. Each makes a pair of keys for it, whose public halves lie in
// the run's folder; the secret that both derive never leaves their memory.

export interface Keys {
  /** The public half, for the other side. */
  shown: string;
  /** The secret that is shared with the owner of that public half. `server`: whose half comes first. */
  shared(other: string, server: boolean): Buffer;
}

const SECRET_BYTES = 32;

export function newKeys(): Keys {
  const { publicKey, privateKey } = generateKeyPairSync('x25519');
  const shown = publicKey.export({ type: 'spki', format: 'der' }).toString('base64url');
  return {
    shown,
    shared(other, server) {
      const theirs = createPublicKey({ key: Buffer.from(other, 'base64url'), type: 'spki', format: 'der' });
      const info = (server ? [shown, other] : [other, shown]).join('.');
      const agreed = diffieHellman({ privateKey, publicKey: theirs });
      return Buffer.from(hkdfSync('sha256', agreed, '', info, SECRET_BYTES));
    },
  };
}

/** TLS by a secret that both sides have: of a certificate each would have to trust the other's file. */
const TLS = { ciphers: 'PSK-AES256-GCM-SHA384', minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;

/**
 * Listens on a free port of this machine for whoever has the private half of an allowed key. Anyone else
 * does not get past the handshake.
 */
export async function listen(
  keys: Keys,
  isAllowed: (shown: string) => boolean,
  onJob: (socket: TLSSocket, shown: string) => void,
): Promise<{ port: number; close(): void }> {
  const named = new WeakMap<TLSSocket, string>();
  const server = createServer({
    ...TLS,
    pskCallback(socket, identity) {
      if (!isAllowed(identity)) return null;
      named.set(socket, identity);
      return keys.shared(identity, true);
    },
  });
  // Only now it has shown that it has the private half of the key that it named.
  server.on('secureConnection', (socket) => onJob(socket, named.get(socket) ?? ''));
  // A port that others reach is scanned sooner or later.
  server.on('tlsClientError', (_, socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return { port, close: () => void server.close() };
}

/** Connects to the owner of a public half. @throws UserError where it is not there, or is another one. */
export async function reach(
  keys: Keys,
  { host, port, key }: { host: string; port: number; key: string },
): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...{ host, port, ...TLS },
      ...(isIP(host) === 0 && { servername: host }),
      pskCallback: () => ({ psk: keys.shared(key, false), identity: keys.shown }),
      // The secret says who it is, not a name.
      checkServerIdentity: () => undefined,
    });
    const failed = (error: Error) =>
      reject(new UserError(`${host}:${port} gives no rows: ${error.message}`, 1));
    socket.once('error', failed);
    socket.once('secureConnect', () => {
      socket.off('error', failed);
      resolve(socket);
    });
  });
}
