/** What was sent, what waits and what was given up; sending again; and telling of a meter that runs low. */
import { StsFault } from '../../lib/faults.ts';
import { parseMeterNumber } from '../../lib/identity/meter-pan.ts';
import type { Language } from '../language/catalogue.ts';
import type { Store } from '../store/contract.ts';
import type { Notification, NotificationState } from '../store/outbox.ts';
import type { Notifying } from './context.ts';
import { lowBalanceTelling } from './low-balance.ts';
import { type Contact, lowBalanceNotifications } from './notification.ts';

export interface DeliveryPage {
  readonly deliveries: readonly Notification[];
  /** Where the next page begins; null on the last one. */
  readonly nextCursor: string | null;
}

/** @param owner - a vendor for messages to its own webhooks, null for all messages. */
export async function listDeliveries(
  { outbox }: Notifying,
  owner: string | null,
  { state, cursor, limit }: { state: NotificationState | null; cursor: number | null; limit: number },
): Promise<DeliveryPage> {
  const before = cursor ?? Number.MAX_SAFE_INTEGER;
  const found = await outbox.list({ vendorId: owner, state, before, limit: limit + 1 });
  const deliveries = found.slice(0, limit);
  const last = deliveries.at(-1);
  return {
    deliveries,
    nextCursor: found.length > limit && last !== undefined ? String(last.sequence) : null,
  };
}

/**
 * A message that was given up waits again, under its old id.
 * @throws StsFault `notification_unknown`, `notification_not_dead`.
 */
export async function resend(
  { outbox, clock, wake }: Notifying,
  owner: string | null,
  notificationId: string,
): Promise<Notification> {
  const held = await outbox.find(notificationId);
  if (held === undefined || !(await isVisible(outbox, held, owner))) {
    throw new StsFault('notification_unknown');
  }
  if (!(await outbox.resend(notificationId, clock.now()))) throw new StsFault('notification_not_dead');
  wake();
  return (await outbox.find(notificationId)) ?? held;
}

/**
 * Tells a customer and the utility's webhooks that a meter runs low, for whoever reads meters. The same report told twice is
 * told once; a customer who has chosen when and how is told so, and no report tells him otherwise.
 * @throws StsFault `meter_number_malformed`, `meter_number_check_digit`, `meter_unknown`.
 */
export async function reportLowBalance(
  { outbox, endpoints, clock, wake }: Notifying,
  store: Store,
  report: { requestId: string; meter: string; balanceDeciKwh: number; sendTo?: Contact | undefined },
  language: Language,
): Promise<number> {
  const { meterPan, drn } = parseMeterNumber(report.meter);
  const meter = await store.findMeter(meterPan);
  if (meter === undefined) throw new StsFault('meter_unknown');
  const { requestId, balanceDeciKwh, sendTo } = report;
  const low = { requestId, meterPan, drn, balanceDeciKwh, readAt: clock.now() };
  const telling = await lowBalanceTelling(store, { ...low, tariffId: meter.tariffId }, sendTo);
  const rows = lowBalanceNotifications(low, telling, endpoints.known, language);
  await outbox.add(rows);
  wake();
  return rows.length;
}

async function isVisible(
  outbox: Notifying['outbox'],
  { channel, target }: Notification,
  owner: string | null,
): Promise<boolean> {
  if (owner === null) return true;
  if (channel !== 'webhook') return false;
  return (await outbox.findWebhook(target))?.vendorId === owner;
}
