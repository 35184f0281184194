/** What was sent, what waits and what was given up; and sending again. */
import { StsFault } from '../../lib/faults.ts';
import type { Notification, NotificationState } from '../store/outbox.ts';
import type { Notifying } from './context.ts';

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

async function isVisible(
  outbox: Notifying['outbox'],
  { channel, target }: Notification,
  owner: string | null,
): Promise<boolean> {
  if (owner === null) return true;
  if (channel !== 'webhook') return false;
  return (await outbox.findWebhook(target))?.vendorId === owner;
}
