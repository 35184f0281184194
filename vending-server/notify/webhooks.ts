/** Webhooks: who is told of sales by HTTP, and with which secret. A vendor sees and changes its own, an operator all. */
import { StsFault } from '../../lib/faults.ts';
import type { WebhookRecord } from '../store/outbox.ts';
import type { Notifying } from './context.ts';
import { secretDigest, webhookSecret } from './webhook-signature.ts';

/** How long the secret before the newest one still signs. */
const OLD_SECRET_MILLIS = 24 * 3_600_000;
/** Of one vendor, or of the utility: each is one more message for every sale. */
const WEBHOOKS_MAX = 10;

/** The caller's vendor; null for the utility. */
type Owner = string | null;

export interface WebhookWithSecret {
  readonly webhook: WebhookRecord;
  /** Shown this once. */
  readonly secret: string;
}

/** @throws StsFault `webhook_url_refused`, `webhooks_too_many`. */
export async function addWebhook(
  notifying: Notifying,
  owner: Owner,
  url: string,
): Promise<WebhookWithSecret> {
  const { outbox, clock, random, webhookMaster } = notifying;
  assertUrl(notifying, url);
  const held = (await outbox.webhooks()).filter(({ vendorId }) => vendorId === owner);
  if (held.length >= WEBHOOKS_MAX) throw new StsFault('webhooks_too_many');
  const webhookId = `whk_${Buffer.from(random.bytes(12)).toString('hex')}`;
  const secret = webhookSecret(webhookMaster, webhookId, 1);
  const webhook: WebhookRecord = {
    webhookId,
    vendorId: owner,
    url,
    secretGeneration: 1,
    secretDigest: secretDigest(secret),
    previousUntil: 0,
    isEnabled: true,
    createdAt: clock.now(),
  };
  await outbox.addWebhook(webhook);
  await notifying.endpoints.refresh();
  return { webhook, secret };
}

/** @throws StsFault `webhook_unknown`, also for one of another vendor: its id must tell nothing. */
export async function findWebhook(
  { outbox }: Notifying,
  owner: Owner,
  webhookId: string,
): Promise<WebhookRecord> {
  const webhook = await outbox.findWebhook(webhookId);
  if (webhook === undefined || !isOwn(webhook, owner)) throw new StsFault('webhook_unknown');
  return webhook;
}

export async function listWebhooks({ outbox }: Notifying, owner: Owner): Promise<readonly WebhookRecord[]> {
  return (await outbox.webhooks()).filter((webhook) => isOwn(webhook, owner));
}

/** @throws StsFault `webhook_unknown`, `webhook_url_refused`. */
export async function changeWebhook(
  notifying: Notifying,
  owner: Owner,
  webhookId: string,
  change: Pick<WebhookRecord, 'url' | 'isEnabled'>,
): Promise<WebhookRecord> {
  const held = await findWebhook(notifying, owner, webhookId);
  assertUrl(notifying, change.url);
  return put(notifying, { ...held, ...change });
}

/**
 * A new secret; for a day the old one signs too, so that a receiver can change over without losing a message.
 * @throws StsFault `webhook_unknown`.
 */
export async function renewSecret(
  notifying: Notifying,
  owner: Owner,
  webhookId: string,
): Promise<WebhookWithSecret> {
  const held = await findWebhook(notifying, owner, webhookId);
  const secretGeneration = held.secretGeneration + 1;
  const secret = webhookSecret(notifying.webhookMaster, webhookId, secretGeneration);
  const webhook = await put(notifying, {
    ...held,
    secretGeneration,
    secretDigest: secretDigest(secret),
    previousUntil: notifying.clock.now() + OLD_SECRET_MILLIS,
  });
  return { webhook, secret };
}

/** What waits for it is given up. @throws StsFault `webhook_unknown`. */
export async function removeWebhook(notifying: Notifying, owner: Owner, webhookId: string): Promise<void> {
  await findWebhook(notifying, owner, webhookId);
  await notifying.outbox.removeWebhook(webhookId);
  await notifying.endpoints.refresh();
}

async function put(notifying: Notifying, webhook: WebhookRecord): Promise<WebhookRecord> {
  if (!(await notifying.outbox.putWebhook(webhook))) throw new StsFault('webhook_unknown');
  await notifying.endpoints.refresh();
  return webhook;
}

function isOwn({ vendorId }: WebhookRecord, owner: Owner): boolean {
  return owner === null || vendorId === owner;
}

function assertUrl({ whyRefused }: Notifying, url: string): void {
  const reason = whyRefused(url);
  if (reason !== undefined) throw new StsFault('webhook_url_refused', reason, { param: 'url' });
}
