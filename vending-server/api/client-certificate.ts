/**
 * The certificate that a caller's connection was opened with, and whether it is one of those bound to the vendor that
 * calls, machine or person: a stolen key or password alone then sells nothing.
 */
import { TLSSocket } from 'node:tls';
import { StsFault } from '../../lib/faults.ts';
import type { Caller } from '../people/caller.ts';
import type { CertificateBinding, OperationStore } from '../store/operation-contract.ts';

export interface ClientCertificate {
  /** SHA-256, 64 lower-case hex digits. */
  readonly fingerprint: string;
  /** Common name of the subject; '' when it has none. */
  readonly subject: string;
}

/** Reading a certificate takes longer than a sale's look-ups; a connection keeps the one it was opened with. */
const seen = new WeakMap<object, ClientCertificate | 'none'>();

/** @returns the certificate, if one came and our client authority has issued it; undefined otherwise. */
export function certificateOf(socket: object): ClientCertificate | undefined {
  const held = seen.get(socket);
  if (held !== undefined) return held === 'none' ? undefined : held;
  const certificate = read(socket);
  seen.set(socket, certificate ?? 'none');
  return certificate;
}

function read(socket: object): ClientCertificate | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const { fingerprint256, subject } = socket.getPeerCertificate();
  if (fingerprint256 === undefined) return undefined;
  const name: unknown = subject?.CN;
  return {
    fingerprint: fingerprint256.replaceAll(':', '').toLowerCase(),
    // More than one common name is nobody's.
    subject: typeof name === 'string' ? name : '',
  };
}

/** @throws StsFault `client_certificate_wrong` for a vendor that has certificates bound and comes with none of them. */
export async function requireCertificate(
  store: Pick<OperationStore, 'certificatesOf'>,
  caller: Caller,
  socket: object,
): Promise<void> {
  if (caller.vendorId === null) return;
  const bound = await store.certificatesOf(caller.vendorId);
  if (bound.length === 0) return;
  const certificate = certificateOf(socket);
  if (certificate === undefined || !bound.some((binding) => fits(binding, certificate))) {
    throw new StsFault('client_certificate_wrong');
  }
}

function fits({ kind, value }: CertificateBinding, { fingerprint, subject }: ClientCertificate): boolean {
  return value === (kind === 'fingerprint' ? fingerprint : subject);
}
