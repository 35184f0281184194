/** Webhooks and messages: who is told, what was sent, what was given up. */

import { listDeliveries, resend } from '../notify/deliveries.ts';
import {
  addWebhook,
  changeWebhook,
  findWebhook,
  listWebhooks,
  removeWebhook,
  renewSecret,
} from '../notify/webhooks.ts';
import type { Notification, WebhookRecord } from '../store/outbox.ts';
import { reportLowBalance } from '../vending/low-balance.ts';
import { json, param, type Route, withBody, withoutBody, withQuery } from './route.ts';
import { iso } from './time.ts';
import {
  DeliveriesAnswer,
  DeliveriesQuery,
  DeliveryAnswer,
  LowBalanceAnswer,
  LowBalanceBody,
  WebhookAnswer,
  WebhookBody,
  WebhookChange,
  WebhookRemoved,
  WebhookSecretAnswer,
  WebhooksAnswer,
} from './webhook-schemas.ts';

const PATH = '/v1/webhooks/{webhookId}';
const PAGE = 50;

const ENDPOINT_ROUTES: readonly Route[] = [
  withBody({
    method: 'post',
    path: '/v1/webhooks',
    summary: 'Be told of sales by HTTP (Standard Webhooks): a vendor of its own, an operator of all',
    permission: 'webhook.manage',
    body: WebhookBody,
    answers: [{ status: 201, description: 'Added; the secret is shown once', schema: WebhookSecretAnswer }],
    faults: ['webhook_url_refused', 'webhooks_too_many'],
    handle: async ({ notifying }, { caller, body }) => {
      const { webhook, secret } = await addWebhook(notifying, caller.vendorId, body.url);
      return json(201, { ...webhookOut(webhook), secret });
    },
  }),
  withoutBody({
    method: 'get',
    path: '/v1/webhooks',
    summary: 'The webhooks of the caller',
    permission: 'webhook.manage',
    answers: [{ status: 200, description: 'Webhooks', schema: WebhooksAnswer }],
    faults: [],
    handle: async ({ notifying }, { caller }) =>
      json(200, { webhooks: (await listWebhooks(notifying, caller.vendorId)).map(webhookOut) }),
  }),
  withoutBody({
    method: 'get',
    path: PATH,
    summary: 'One webhook',
    permission: 'webhook.manage',
    answers: [{ status: 200, description: 'The webhook', schema: WebhookAnswer }],
    faults: ['webhook_unknown'],
    handle: async ({ notifying }, call) =>
      json(200, webhookOut(await findWebhook(notifying, call.caller.vendorId, param(call, 'webhookId')))),
  }),
  withBody({
    method: 'put',
    path: PATH,
    summary: 'Another address, or off and on again',
    permission: 'webhook.manage',
    body: WebhookChange,
    answers: [{ status: 200, description: 'As it is now', schema: WebhookAnswer }],
    faults: ['webhook_unknown', 'webhook_url_refused'],
    handle: async ({ notifying }, call) => {
      const { caller, body } = call;
      const webhookId = param(call, 'webhookId');
      return json(200, webhookOut(await changeWebhook(notifying, caller.vendorId, webhookId, body)));
    },
  }),
  withoutBody({
    method: 'delete',
    path: PATH,
    summary: 'Be told no more; what waits is given up',
    permission: 'webhook.manage',
    answers: [{ status: 200, description: 'Removed', schema: WebhookRemoved }],
    faults: ['webhook_unknown'],
    handle: async ({ notifying }, call) => {
      const webhookId = param(call, 'webhookId');
      await removeWebhook(notifying, call.caller.vendorId, webhookId);
      return json(200, { webhookId, isRemoved: true });
    },
  }),
  withoutBody({
    method: 'post',
    path: `${PATH}/secret`,
    summary: 'A new secret; for a day the old one signs too',
    permission: 'webhook.manage',
    answers: [{ status: 201, description: 'Shown once', schema: WebhookSecretAnswer }],
    faults: ['webhook_unknown'],
    handle: async ({ notifying }, call) => {
      const webhookId = param(call, 'webhookId');
      const { webhook, secret } = await renewSecret(notifying, call.caller.vendorId, webhookId);
      return json(201, { ...webhookOut(webhook), secret });
    },
  }),
];

const DELIVERY_ROUTES: readonly Route[] = [
  withQuery({
    path: '/v1/deliveries',
    summary: 'Messages, the newest first; `state=dead` for those that were given up',
    permission: 'delivery.read',
    query: DeliveriesQuery,
    answers: [{ status: 200, description: 'One page', schema: DeliveriesAnswer }],
    faults: [],
    handle: async ({ notifying }, { caller, query }) => {
      const { deliveries, nextCursor } = await listDeliveries(notifying, caller.vendorId, {
        state: query.state ?? null,
        cursor: query.cursor === undefined ? null : Number(query.cursor),
        limit: query.limit === undefined ? PAGE : Number(query.limit),
      });
      return json(200, {
        deliveries: deliveries.map(deliveryOut),
        hasMore: nextCursor !== null,
        nextCursor,
      });
    },
  }),
  withoutBody({
    method: 'post',
    path: '/v1/deliveries/{notificationId}/resend',
    summary: 'Send again what was given up, under its old id',
    permission: 'delivery.resend',
    answers: [{ status: 200, description: 'It waits again', schema: DeliveryAnswer }],
    faults: ['notification_unknown', 'notification_not_dead'],
    handle: async ({ notifying }, call) => {
      const { vendorId } = call.caller;
      return json(200, deliveryOut(await resend(notifying, vendorId, param(call, 'notificationId'))));
    },
  }),
  withBody({
    method: 'post',
    path: '/v1/low-balances',
    summary: 'Tell a customer that a meter runs low, for whoever reads meters; told once for each request id',
    permission: 'lowBalance.tell',
    body: LowBalanceBody,
    answers: [{ status: 201, description: 'How many messages it makes', schema: LowBalanceAnswer }],
    faults: ['meter_number_malformed', 'meter_number_check_digit', 'meter_unknown'],
    handle: async ({ notifying, vending, receipts }, { body }) => {
      const { language } = receipts.settings;
      return json(201, { messages: await reportLowBalance(notifying, vending.store, body, language) });
    },
  }),
];

export const WEBHOOK_ROUTES: readonly Route[] = [...ENDPOINT_ROUTES, ...DELIVERY_ROUTES];

function webhookOut({ webhookId, vendorId, url, isEnabled, createdAt }: WebhookRecord) {
  return { webhookId, vendorId, url, isEnabled, createdAt: iso(createdAt) };
}

function deliveryOut(notification: Notification) {
  const { notificationId, kind, channel, target, saleId, state, attempts, lastOutcome } = notification;
  return {
    notificationId,
    kind,
    channel,
    target: channel === 'webhook' ? target : masked(target),
    saleId,
    state,
    attempts,
    lastOutcome,
    createdAt: iso(notification.createdAt),
    nextAttemptAt: state === 'waiting' ? iso(notification.dueAt) : null,
  };
}

function masked(target: string): string {
  return `…${target.slice(-3)}`;
}
