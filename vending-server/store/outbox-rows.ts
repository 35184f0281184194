/** Rows of the outbox as what the contract calls them, the same on both databases. */
import type {
  Notification,
  NotificationKind,
  NotificationState,
  PublishedReceiptKey,
  WebhookRecord,
} from './outbox.ts';

export interface NotificationRow {
  readonly sequence: number;
  readonly notification_id: string;
  readonly kind: NotificationKind;
  readonly channel: Notification['channel'];
  readonly target: string;
  readonly language: string;
  readonly sale_id: string | null;
  readonly facts: string | null;
  readonly created_at: number;
  readonly counted_from: number;
  readonly due_at: number;
  readonly attempts: number;
  readonly state: NotificationState;
  readonly last_outcome: string | null;
}

export function notificationOf(row: NotificationRow): Notification {
  return {
    sequence: row.sequence,
    notificationId: row.notification_id,
    kind: row.kind,
    channel: row.channel,
    target: row.target,
    language: row.language,
    saleId: row.sale_id,
    facts: row.facts,
    createdAt: row.created_at,
    countedFrom: row.counted_from,
    dueAt: row.due_at,
    attempts: row.attempts,
    state: row.state,
    lastOutcome: row.last_outcome,
  };
}

export interface WebhookRow {
  readonly webhook_id: string;
  readonly vendor_id: string | null;
  readonly url: string;
  readonly secret_generation: number;
  readonly secret_digest: string;
  readonly previous_until: number;
  readonly is_enabled: 0 | 1 | boolean;
  readonly created_at: number;
}

export function webhookOf(row: WebhookRow): WebhookRecord {
  return {
    webhookId: row.webhook_id,
    vendorId: row.vendor_id,
    url: row.url,
    secretGeneration: row.secret_generation,
    secretDigest: row.secret_digest,
    previousUntil: row.previous_until,
    isEnabled: Boolean(row.is_enabled),
    createdAt: row.created_at,
  };
}

export interface KeyRow {
  readonly key_id: string;
  readonly public_key: string;
  readonly published_at: number;
}

export function keyOf(row: KeyRow): PublishedReceiptKey {
  return { keyId: row.key_id, publicKey: row.public_key, publishedAt: row.published_at };
}
