/** Certificate and key of the door, read again when their files change or a SIGHUP asks for it. */
import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { StsFault } from '../../lib/faults.ts';

export interface TlsFiles {
  /** PEM: the certificate, then those of its issuers. */
  readonly certFile: string;
  /** PEM, not sealed with a passphrase; its mode guards it. */
  readonly keyFile: string;
  /** PEM: whoever has a certificate of this authority may be known by it. */
  readonly clientCaFile?: string;
}

export interface TlsSettings {
  readonly context: SecureContextOptions;
  /** Changes with any of the files. */
  readonly digest: string;
  /** Last moment at which the certificate is good, milliseconds since 1970 UTC. */
  readonly validTo: number;
}

/** TLS 1.2 with the ciphers that have forward secrecy and authenticate what they encrypt; 1.3 has no others. */
const CIPHERS = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
].join(':');

/** @throws StsFault `tls_unusable` for files that cannot be read, do not fit together, or hold no certificate and key. */
export function readTls({ certFile, keyFile, clientCaFile }: TlsFiles): TlsSettings {
  const cert = read(certFile, '--tls-cert');
  const key = read(keyFile, '--tls-key');
  const ca = clientCaFile === undefined ? undefined : read(clientCaFile, '--client-ca');
  let validTo: number;
  try {
    const certificate = new X509Certificate(cert);
    if (!certificate.checkPrivateKey(createPrivateKey(key))) throw new Error('not a pair');
    validTo = Date.parse(certificate.validTo);
  } catch (error) {
    throw unusable('certificate and key do not fit together, or one of them is none', '--tls-cert', error);
  }
  const context: SecureContextOptions = {
    cert,
    key,
    ...(ca === undefined ? {} : { ca }),
    minVersion: 'TLSv1.2',
    ciphers: CIPHERS,
    honorCipherOrder: true,
  };
  try {
    createSecureContext(context);
    if (ca !== undefined) new X509Certificate(ca);
  } catch (error) {
    throw unusable('OpenSSL does not take them', '--tls-cert', error);
  }
  const digest = createHash('sha256');
  for (const part of [cert, key, ca ?? '']) digest.update(`${part.length} `).update(part);
  return { context, digest: digest.digest('hex'), validTo };
}

function read(path: string, param: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw unusable(path, param, error);
  }
}

function unusable(detail: string, param: string, cause: unknown): StsFault {
  return new StsFault('tls_unusable', detail, { param, cause });
}
