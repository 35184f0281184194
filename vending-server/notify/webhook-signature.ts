/**
 * Standard Webhooks (standardwebhooks.com): what is signed is `id.timestamp.body`, with HMAC-SHA256 under the bytes behind
 * `whsec_`. Secrets are derived from one master secret, so that the database holds none and a change of a secret is a change
 * of a number.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { sha256 } from '../sha256.ts';

export interface SigningWebhook {
  readonly webhookId: string;
  readonly secretGeneration: number;
  readonly secretDigest: string;
  readonly previousUntil: number;
}

/** `whsec_` and 32 bytes in base64: shown once to whoever owns the webhook. */
export function webhookSecret(master: Uint8Array, webhookId: string, generation: number): string {
  const bytes = createHmac('sha256', master)
    .update(`wattoken-webhook-1\n${webhookId}\n${generation}`)
    .digest('base64');
  return `whsec_${bytes}`;
}

/** SHA-256 of the secret's text, hex: what the database may know of it. */
export function secretDigest(secret: string): string {
  return sha256(secret);
}

export interface SignedHeaders {
  readonly 'webhook-id': string;
  readonly 'webhook-timestamp': string;
  readonly 'webhook-signature': string;
}

/**
 * Headers for one attempt; while a secret is being changed both the new and the old one sign.
 * @param now - milliseconds since 1970 UTC.
 * @returns undefined when the master is not the one that the secret was derived from: no receiver would believe it.
 */
export function signWebhook(
  master: Uint8Array,
  webhook: SigningWebhook,
  { id, body, now }: { readonly id: string; readonly body: string; readonly now: number },
): SignedHeaders | undefined {
  const { webhookId, secretGeneration, previousUntil } = webhook;
  const secret = webhookSecret(master, webhookId, secretGeneration);
  const known = Buffer.from(webhook.secretDigest, 'hex');
  // The comparison is of digests that only the server's own files decide; its time tells nobody anything.
  if (!timingSafeEqual(known, Buffer.from(secretDigest(secret), 'hex'))) return undefined;
  const secrets =
    now < previousUntil ? [secret, webhookSecret(master, webhookId, secretGeneration - 1)] : [secret];
  const timestamp = String(Math.floor(now / 1000));
  const signatures = secrets.map((text) => `v1,${signature(text, `${id}.${timestamp}.${body}`)}`);
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  };
}

function signature(secret: string, content: string): string {
  return createHmac('sha256', Buffer.from(secret.slice('whsec_'.length), 'base64'))
    .update(content)
    .digest('base64');
}
