import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { authority } from '#host/network/testing/tls';
import { checkCertificates } from './certificates.ts';

const folder = mkdtempSync(join(tmpdir(), 'certs-'));
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

function check(text: string) {
  const file = join(folder, 'extra.pem');
  writeFileSync(file, text);
  return () => checkCertificates({ NODE_EXTRA_CA_CERTS: file });
}

describe('NODE_EXTRA_CA_CERTS', () => {
  it('may be missing or empty', () => {
    checkCertificates({});
    checkCertificates({ NODE_EXTRA_CA_CERTS: '' });
  });

  it.skipIf(!hasOpenssl)('may hold certificates with words around them', () => {
    using ca = authority();
    check(`# Made here\n${ca.cert}\nand\n${ca.cert}`)();
    checkCertificates({ NODE_EXTRA_CA_CERTS: ca.file });
    // A key is not a certificate.
    expect(check(ca.key.toString())).toThrow(/holds no certificate in PEM form/);
  });

  it('is refused where there is no such file', () => {
    const file = join(folder, 'nothing.pem');
    expect(() => checkCertificates({ NODE_EXTRA_CA_CERTS: file })).toThrow(
      `NODE_EXTRA_CA_CERTS: the file ${file} cannot be read (ENOENT)`,
    );
    expect(() => checkCertificates({ NODE_EXTRA_CA_CERTS: folder })).toThrow(/cannot be read \(EISDIR\)/);
  });

  it('is refused without a certificate, and with one that is broken', () => {
    expect(check('')).toThrow(/holds no certificate in PEM form/);
    const broken = '-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----\n';
    expect(check(broken)).toThrow(/holds a certificate that cannot be read/);
  });
});
