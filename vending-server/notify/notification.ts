/** Who is told of what: the messages that belong to a sale or to a low balance, as rows for the outbox. */
import type { Language } from '../language/catalogue.ts';
import { sha256 } from '../sha256.ts';
import type { NewNotification, WebhookRecord } from '../store/outbox.ts';

/** Where a customer wants to be told. Personal: it is in no log, no error and no answer. */
export interface Contact {
  /** E.164: '+254700000000'. */
  readonly phone?: string | undefined;
  readonly email?: string | undefined;
  readonly language?: Language | undefined;
}

/** What the customer said once when it bought; the words of a message are made when it is sent. */
interface Subject {
  /** Stable: a message is known by it whatever happens to the server. */
  readonly idStem: string;
  readonly kind: NewNotification['kind'];
  readonly saleId: string | null;
  readonly facts: string | null;
  readonly createdAt: number;
  /** Whose vendor's webhooks are told besides those of the utility; null for those alone. */
  readonly vendorId: string | null;
}

export interface SoldForNotice {
  readonly saleId: string;
  readonly vendorId: string;
  readonly soldAt: number;
}

/** To be recorded in the sale's own commit: a sale and its messages are durable together or not at all. */
export function notificationsOf(
  { saleId, vendorId, soldAt }: SoldForNotice,
  contact: Contact | undefined,
  webhooks: readonly WebhookRecord[],
  language: Language,
): readonly NewNotification[] {
  const idStem = `msg_${saleId.replace(/^sale_/, '')}`;
  const subject: Subject = {
    idStem,
    kind: 'sale.completed',
    saleId,
    facts: null,
    createdAt: soldAt,
    vendorId,
  };
  return addressed(subject, contact, webhooks, language);
}

/** Whether the customer is told of it, and from when on. */
export interface Telling {
  /** undefined where he is not. */
  readonly contact: Contact | undefined;
  readonly dueAt: number;
}

/** What is told of a meter that runs low. */
export interface LowBalance {
  /** The id under which it was reported: the same report makes the same messages. */
  readonly requestId: string;
  readonly meterPan: string;
  readonly drn: string;
  readonly balanceDeciKwh: number;
  readonly readAt: number;
}

export function lowBalanceNotifications(
  { requestId, ...facts }: LowBalance,
  { contact, dueAt }: Telling,
  webhooks: readonly WebhookRecord[],
  language: Language,
): readonly NewNotification[] {
  const subject: Subject = {
    idStem: `low_${sha256(requestId).slice(0, 32)}`,
    kind: 'balance.low',
    saleId: null,
    facts: JSON.stringify(facts),
    createdAt: facts.readAt,
    vendorId: null,
  };
  const rows = addressed(subject, contact, webhooks, language);
  return rows.map((row) => (row.channel === 'webhook' ? row : Object.assign(row, { dueAt })));
}

function addressed(
  { idStem, vendorId, ...subject }: Subject,
  contact: Contact | undefined,
  webhooks: readonly WebhookRecord[],
  language: Language,
): readonly NewNotification[] {
  const spoken = contact?.language ?? language;
  const one = (channel: NewNotification['channel'], target: string, suffix: string): NewNotification => ({
    notificationId: `${idStem}_${suffix}`,
    channel,
    target,
    language: spoken,
    ...subject,
  });
  const hooks = webhooks.filter(
    (webhook) => webhook.isEnabled && (webhook.vendorId === null || webhook.vendorId === vendorId),
  );
  return [
    ...(contact?.phone === undefined ? [] : [one('sms', contact.phone, 'sms')]),
    ...(contact?.email === undefined ? [] : [one('email', contact.email, 'email')]),
    ...hooks.map(({ webhookId }) => one('webhook', webhookId, webhookId)),
  ];
}
