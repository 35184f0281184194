/** What goes over the wire about webhooks and messages. */
import { z } from 'zod';
import { Id } from './schemas.ts';
import { SendTo } from './send-to.ts';

const Url = z.string().min(1).max(2000);

export const WebhookBody = z.strictObject({ url: Url });
export const WebhookChange = z.strictObject({ url: Url, isEnabled: z.boolean() });
const webhook = {
  webhookId: z.string(),
  vendorId: Id.nullable(),
  url: z.string(),
  isEnabled: z.boolean(),
  createdAt: z.iso.datetime(),
};
export const WebhookAnswer = z.strictObject(webhook);
export const WebhookSecretAnswer = z.strictObject({
  ...webhook,
  /** `whsec_…`, shown this once. */
  secret: z.string(),
});
export const WebhooksAnswer = z.strictObject({ webhooks: z.array(WebhookAnswer) });
export const WebhookRemoved = z.strictObject({ webhookId: z.string(), isRemoved: z.literal(true) });

const State = z.enum(['waiting', 'delivered', 'dead']);
export const DeliveriesQuery = z.strictObject({
  /** 'dead' for the list of messages that were given up. */
  state: State.optional(),
  cursor: z
    .string()
    .regex(/^[1-9][0-9]{0,15}$/)
    .optional(),
  limit: z
    .string()
    .regex(/^([1-9][0-9]?|100)$/)
    .optional(),
});
export const DeliveryAnswer = z.strictObject({
  notificationId: z.string(),
  kind: z.enum(['sale.completed', 'balance.low']),
  channel: z.enum(['sms', 'email', 'webhook']),
  /** The id of a webhook; of a customer's number or address only as much as tells two apart. */
  target: z.string(),
  saleId: z.string().nullable(),
  state: State,
  attempts: z.int().min(0),
  lastOutcome: z.string().nullable(),
  createdAt: z.iso.datetime(),
  /** null when it is over. */
  nextAttemptAt: z.iso.datetime().nullable(),
});
export const DeliveriesAnswer = z.strictObject({
  deliveries: z.array(DeliveryAnswer),
  hasMore: z.boolean(),
  nextCursor: z.string().nullable(),
});

export const LowBalanceBody = z.strictObject({
  requestId: Id,
  meter: z.string().min(11).max(40),
  balanceDeciKwh: z.int().min(0).max(1_000_000_000),
  sendTo: SendTo.optional(),
});
export const LowBalanceAnswer = z.strictObject({ messages: z.int().min(0) });
