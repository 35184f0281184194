/**
 * X.509 certificates made for a test, by a DER writer of a few lines: no test needs an openssl on the machine, and no
 * private key lies in the repository.
 */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

export interface Issued {
  /** PEM. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
}

export interface Authority extends Issued {
  issue(
    commonName: string,
    options?: { readonly addresses?: readonly string[]; readonly days?: number },
  ): Issued;
}

const DAY_MILLIS = 86_400_000;
const ECDSA_SHA256 = '1.2.840.10045.4.3.2';

function tlv(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const { length } = body;
  if (length < 128) return Buffer.concat([Buffer.from([tag, length]), body]);
  const digits = Buffer.from(length.toString(16).padStart(length > 0xff ? 4 : 2, '0'), 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 | digits.length]), digits, body]);
}

const sequence = (...parts: readonly Uint8Array[]) => tlv(0x30, ...parts);
const integer = (bytes: Uint8Array) => tlv(0x02, bytes);
const text = (value: string) => tlv(0x0c, Buffer.from(value, 'utf8'));
const octets = (bytes: Uint8Array) => tlv(0x04, bytes);
const bits = (bytes: Uint8Array) => tlv(0x03, Buffer.from([0]), bytes);

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = rest.flatMap((value) => {
    const digits = [value & 0x7f];
    for (let left = value >> 7; left > 0; left >>= 7) digits.unshift((left & 0x7f) | 0x80);
    return digits;
  });
  return tlv(0x06, Buffer.from([first * 40 + second, ...bytes]));
}

const name = (commonName: string) => sequence(tlv(0x31, sequence(oid('2.5.4.3'), text(commonName))));

function time(millis: number): Buffer {
  const iso = new Date(millis).toISOString().replace(/[-:T]/g, '');
  return tlv(0x18, Buffer.from(`${iso.slice(0, 14)}Z`, 'latin1'));
}

const extension = (id: string, value: Buffer) => sequence(oid(id), octets(value));
const authorityExtension = extension('2.5.29.19', sequence(tlv(0x01, Buffer.from([0xff]))));

function addressExtension(addresses: readonly string[]): Buffer {
  const names = addresses.map((address) =>
    /^[0-9.]+$/.test(address)
      ? tlv(0x87, Buffer.from(address.split('.').map(Number)))
      : tlv(0x82, Buffer.from(address, 'latin1')),
  );
  return extension('2.5.29.17', sequence(...names));
}

interface Subject {
  readonly commonName: string;
  readonly publicKey: KeyObject;
  readonly extensions: readonly Buffer[];
  readonly days: number;
}

function certificate(issuer: string, signingKey: KeyObject, subject: Subject): string {
  const now = Date.now();
  const algorithm = sequence(oid(ECDSA_SHA256));
  const serial = randomBytes(8);
  serial[0] = 0x01 | ((serial[0] ?? 0) & 0x7f);
  const body = sequence(
    tlv(0xa0, integer(Buffer.from([2]))), // version 3
    integer(serial),
    algorithm,
    name(issuer),
    sequence(time(now - DAY_MILLIS), time(now + subject.days * DAY_MILLIS)),
    name(subject.commonName),
    subject.publicKey.export({ format: 'der', type: 'spki' }),
    ...(subject.extensions.length === 0 ? [] : [tlv(0xa3, sequence(...subject.extensions))]),
  );
  return pem(sequence(body, algorithm, bits(sign('sha256', body, signingKey))));
}

function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

const newKeys = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pemOf = (key: KeyObject) => key.export({ format: 'pem', type: 'pkcs8' }).toString();

/** An authority with a key of its own, and what it issues. */
export function makeAuthority(authorityName: string): Authority {
  const { privateKey, publicKey } = newKeys();
  const own = { commonName: authorityName, publicKey, extensions: [authorityExtension], days: 365 };
  return {
    cert: certificate(authorityName, privateKey, own),
    key: pemOf(privateKey),
    issue: (commonName, { addresses = [], days = 30 } = {}) => {
      const keys = newKeys();
      const extensions = addresses.length === 0 ? [] : [addressExtension(addresses)];
      const subject = { commonName, publicKey: keys.publicKey, extensions, days };
      return { cert: certificate(authorityName, privateKey, subject), key: pemOf(keys.privateKey) };
    },
  };
}
