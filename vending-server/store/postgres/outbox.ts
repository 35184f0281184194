/** The outbox and the receipt keys on PostgreSQL: any server's worker takes what is due, and none what another one has. */
import type {
  NewNotification,
  Notification,
  NotificationFilter,
  Outbox,
  PublishedReceiptKey,
  ReceiptKeys,
  WebhookRecord,
} from '../outbox.ts';
import { keyOf, notificationOf, webhookOf } from '../outbox-rows.ts';
import type { PostgresAccess } from './access.ts';

export class PostgresOutbox implements Outbox {
  readonly #access: PostgresAccess;

  constructor(access: PostgresAccess) {
    this.#access = access;
  }

  async add(notifications: readonly NewNotification[]): Promise<void> {
    if (notifications.length === 0) return;
    await this.#access.query('addNotifications', [JSON.stringify(notifications.map(notificationRow))]);
  }

  async takeDue(now: number, until: number, limit: number): Promise<readonly Notification[]> {
    return (await this.#access.query('takeDueNotifications', [now, until, limit])).map(notificationOf);
  }

  async nextDue(): Promise<number | undefined> {
    const [row] = await this.#access.query('nextDueNotification');
    return row.due_at ?? undefined;
  }

  async delivered(notificationId: string, at: number): Promise<void> {
    await this.#access.query('notificationDelivered', [notificationId, at]);
  }

  async failed(notificationId: string, outcome: string, dueAt: number | null): Promise<void> {
    if (dueAt === null) await this.#access.query('giveUpNotification', [notificationId, outcome]);
    else await this.#access.query('retryNotification', [notificationId, outcome, dueAt]);
  }

  async resend(notificationId: string, now: number): Promise<boolean> {
    return (await this.#access.query('resendNotification', [notificationId, now])).length === 1;
  }

  async find(notificationId: string): Promise<Notification | undefined> {
    const [row] = await this.#access.query('findNotification', [notificationId]);
    return row && notificationOf(row);
  }

  async list({ vendorId, state, before, limit }: NotificationFilter): Promise<readonly Notification[]> {
    const { query } = this.#access;
    const rows =
      vendorId !== null
        ? await query('listNotificationsOfVendor', [before, state, limit, vendorId])
        : state === 'dead'
          ? await query('listDeadNotifications', [before, limit])
          : await query('listNotifications', [before, state, limit]);
    return rows.map(notificationOf);
  }

  async forgetDelivered(before: number, limit: number): Promise<number> {
    return (await this.#access.query('forgetDeliveredNotifications', [before, limit])).length;
  }

  async addWebhook(hook: WebhookRecord): Promise<void> {
    const { webhookId, vendorId, url, secretGeneration, secretDigest, previousUntil } = hook;
    const secret = [secretGeneration, secretDigest, previousUntil];
    await this.#access.query('addWebhook', [
      ...[webhookId, vendorId, url, ...secret],
      hook.isEnabled,
      hook.createdAt,
    ]);
  }

  async putWebhook(hook: WebhookRecord): Promise<boolean> {
    const { webhookId, url, secretGeneration, secretDigest, previousUntil, isEnabled } = hook;
    const values = [webhookId, url, secretGeneration, secretDigest, previousUntil, isEnabled];
    return (await this.#access.query('putWebhook', values)).length === 1;
  }

  removeWebhook(webhookId: string): Promise<boolean> {
    return this.#access.write(`webhook ${webhookId}`, async (ask) => {
      await ask('giveUpWebhook', [webhookId]);
      return (await ask('removeWebhook', [webhookId])).length === 1;
    });
  }

  async findWebhook(webhookId: string): Promise<WebhookRecord | undefined> {
    const [row] = await this.#access.query('findWebhook', [webhookId]);
    return row && webhookOf(row);
  }

  async webhooks(): Promise<readonly WebhookRecord[]> {
    return (await this.#access.query('webhooks')).map(webhookOf);
  }
}

export class PostgresReceiptKeys implements ReceiptKeys {
  readonly #access: PostgresAccess;

  constructor(access: PostgresAccess) {
    this.#access = access;
  }

  async publish({ keyId, publicKey, publishedAt }: PublishedReceiptKey): Promise<void> {
    await this.#access.query('publishReceiptKey', [keyId, publicKey, publishedAt]);
  }

  async find(keyId: string): Promise<PublishedReceiptKey | undefined> {
    const [row] = await this.#access.query('findReceiptKey', [keyId]);
    return row && keyOf(row);
  }

  async list(): Promise<readonly PublishedReceiptKey[]> {
    return (await this.#access.query('receiptKeys')).map(keyOf);
  }
}

/** As the statements that add messages read them from JSON. */
export function notificationRow(notification: NewNotification) {
  return {
    notification_id: notification.notificationId,
    kind: notification.kind,
    channel: notification.channel,
    target: notification.target,
    language: notification.language,
    sale_id: notification.saleId,
    facts: notification.facts,
    created_at: notification.createdAt,
    due_at: notification.dueAt ?? notification.createdAt,
  };
}
