/**
 * Posts to webhooks: one attempt, bounded in time, no redirect followed, no private address called however its name was
 * registered. Of the answer only the status is read.
 */
import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { SendOutcome, WebhookPort } from '../notify/ports.ts';
import { hostOf, isPublicAddress, whyRefused } from './private-address.ts';

export interface WebhookSenderOptions {
  /** From the look-up of the name to the status of the answer. */
  readonly timeoutMillis: number;
  /** Whether private addresses and plain HTTP are allowed. */
  readonly allowPrivate: boolean;
  readonly userAgent: string;
  /** How names are looked up; by the system when absent. */
  readonly resolve?: Resolve;
}

/** All addresses of a name. */
type Resolve = (
  hostname: string,
  options: LookupOptions & { all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

class AddressRefused extends Error {}

export function webhookSender(options: WebhookSenderOptions): WebhookPort {
  return {
    post: (url, headers, body) => {
      // What was allowed when it was registered may be refused since.
      if (whyRefused(url, options.allowPrivate) !== undefined) {
        return Promise.resolve({ kind: 'refused', reason: 'address_refused' });
      }
      return post(new URL(url), headers, Buffer.from(body, 'utf8'), options);
    },
  };
}

function post(
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
  { timeoutMillis, allowPrivate, userAgent, resolve: resolveName = lookup }: WebhookSenderOptions,
): Promise<SendOutcome> {
  const client = url.protocol === 'https:' ? https : http;
  return new Promise((resolve) => {
    const request = client.request(url, {
      method: 'POST',
      agent: false,
      // Names are looked at here, after the look-up and before the connection: a name may point elsewhere each time.
      ...(isIP(hostOf(url)) === 0 && !allowPrivate ? { lookup: publicLookup(resolveName) } : {}),
      signal: AbortSignal.timeout(timeoutMillis),
      headers: {
        ...headers,
        'Content-Type': 'application/json',
        'Content-Length': body.length,
        'User-Agent': userAgent,
        Connection: 'close',
      },
    });
    request.once('response', (response) => {
      resolve(outcomeOf(response.statusCode ?? 0));
      // The rest may be endless.
      response.destroy();
    });
    request.on('error', (error) => resolve(failureOf(error)));
    request.end(body);
  });
}

function publicLookup(resolveName: Resolve): LookupFunction {
  return (hostname, options, callback) => {
    resolveName(hostname, { ...options, all: true }, (error, addresses = []) => {
      const [first] = addresses;
      if (error !== null || first === undefined) callback(error ?? new Error('no address'), '', 0);
      else if (!addresses.every(({ address }) => isPublicAddress(address))) {
        callback(new AddressRefused(), '', 0);
      } else if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

function outcomeOf(status: number): SendOutcome {
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  if (status === 410) return { kind: 'refused', reason: 'gone' };
  if (status >= 300 && status < 400) return { kind: 'failed', reason: 'redirected' };
  return { kind: 'failed', reason: `status_${status}` };
}

/** By what Node calls it; its text may hold the address. */
function failureOf(error: Error & { code?: string; cause?: unknown }): SendOutcome {
  if (error instanceof AddressRefused) return { kind: 'refused', reason: 'address_refused' };
  if (error.name === 'AbortError' || error.name === 'TimeoutError') {
    return { kind: 'failed', reason: 'timed_out' };
  }
  const { code = '' } = error;
  if (/^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/.test(code)) {
    return { kind: 'failed', reason: 'tls_failed' };
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return { kind: 'failed', reason: 'name_unknown' };
  return { kind: 'failed', reason: 'unreachable' };
}
