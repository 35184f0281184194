/**
 * What leaves the server after a sale, as the store keeps it: messages that wait, are delivered or are given up, the
 * endpoints of webhooks, and the public keys of receipts. Part of the store's contract: whole operations, durable when
 * their promise resolves.
 */

export type Channel = 'sms' | 'email' | 'webhook';
export type NotificationKind = 'sale.completed' | 'balance.low';
export type NotificationState = 'waiting' | 'delivered' | 'dead';

/** A message as it is handed over; it becomes durable in the commit of what it tells of. */
export interface NewNotification {
  /** Stable for ever: a receiver that gets a message twice knows it by this. */
  readonly notificationId: string;
  readonly kind: NotificationKind;
  readonly channel: Channel;
  /** A phone number, an e-mail address, or the id of a webhook. Personal: it is in no log and no error. */
  readonly target: string;
  readonly language: string;
  /** The sale that it tells of, from whose recorded answer it is made when it is sent; null for a text of its own. */
  readonly saleId: string | null;
  /** JSON of what it tells of when that is no sale. */
  readonly facts: string | null;
  readonly createdAt: number;
  /** When it may leave; at once when absent. Of those that no sale carries. */
  readonly dueAt?: number;
}

export interface Notification extends NewNotification {
  /** Rises by each message; lists go by it. */
  readonly sequence: number;
  readonly state: NotificationState;
  /** Attempts begun. */
  readonly attempts: number;
  /** When it is tried next, or was lent to a worker until; milliseconds since 1970 UTC. */
  readonly dueAt: number;
  /** From when its age counts: when it was made, or sent again by hand. */
  readonly countedFrom: number;
  /** A name of how the last attempt ended, or null. */
  readonly lastOutcome: string | null;
}

export interface WebhookRecord {
  readonly webhookId: string;
  /** Whose sales it is told of; null for all. */
  readonly vendorId: string | null;
  readonly url: string;
  /** Which of the secrets that are derived for it signs; rises by one at each change. */
  readonly secretGeneration: number;
  /** SHA-256 of that secret, hex: tells whether the server still derives the same. */
  readonly secretDigest: string;
  /** Until when the secret before it signs too; 0 when there is none. */
  readonly previousUntil: number;
  readonly isEnabled: boolean;
  readonly createdAt: number;
}

export interface NotificationFilter {
  /** Messages to webhooks of this vendor alone; null for all messages. */
  readonly vendorId: string | null;
  readonly state: NotificationState | null;
  /** Only messages before this sequence: the newest come first. */
  readonly before: number;
  readonly limit: number;
}

export interface Outbox {
  /** For what no sale carries; messages held already are skipped. */
  add(notifications: readonly NewNotification[]): Promise<void>;
  /**
   * Lends messages that are due: each counts one more attempt and is due again at `until`, unless its end is told before.
   * Two workers never get the same one at the same time.
   */
  takeDue(now: number, until: number, limit: number): Promise<readonly Notification[]>;
  /** When the next message is due; undefined when none waits. */
  nextDue(): Promise<number | undefined>;
  delivered(notificationId: string, at: number): Promise<void>;
  /** @param dueAt - when to try again; null gives it up. */
  failed(notificationId: string, outcome: string, dueAt: number | null): Promise<void>;
  /** A message that was given up waits again. @returns whether it was dead. */
  resend(notificationId: string, now: number): Promise<boolean>;
  find(notificationId: string): Promise<Notification | undefined>;
  list(filter: NotificationFilter): Promise<readonly Notification[]>;
  /** Forgets messages that were delivered before. @returns how many. */
  forgetDelivered(before: number, limit: number): Promise<number>;

  addWebhook(webhook: WebhookRecord): Promise<void>;
  /** @returns false when there is none. */
  putWebhook(webhook: WebhookRecord): Promise<boolean>;
  /** Its messages that wait are given up as `webhook_removed`. @returns false when there is none. */
  removeWebhook(webhookId: string): Promise<boolean>;
  findWebhook(webhookId: string): Promise<WebhookRecord | undefined>;
  /** All of them, the oldest first: they are few. */
  webhooks(): Promise<readonly WebhookRecord[]>;
}

export interface PublishedReceiptKey {
  readonly keyId: string;
  /** Ed25519, SPKI DER in base64. */
  readonly publicKey: string;
  readonly publishedAt: number;
}

export interface ReceiptKeys {
  /** A key that is published already stays as it is. */
  publish(key: PublishedReceiptKey): Promise<void>;
  find(keyId: string): Promise<PublishedReceiptKey | undefined>;
  /** The oldest first. */
  list(): Promise<readonly PublishedReceiptKey[]>;
}
