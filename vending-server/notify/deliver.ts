/**
 * Sends what waits in the outbox, at least once each: a message is lent, sent, and only then called delivered, so that a
 * crash between the last two sends it again under the same id. A target that keeps failing is left alone for a while, so that
 * one dead endpoint does not hold up the others.
 */
import { isStsFault } from '../../lib/faults.ts';
import type { Clock, Random } from '../clock.ts';
import type { Notification, Outbox } from '../store/outbox.ts';
import { nextAttempt, type RetryPolicy } from './backoff.ts';
import type { Message, MessagePort, SendOutcome, WebhookPort } from './ports.ts';
import { signWebhook } from './webhook-signature.ts';

export interface DeliveryParts {
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly random: Random;
  readonly policy: RetryPolicy;
  readonly webhookMaster: Uint8Array;
  readonly sms: MessagePort;
  readonly email: MessagePort;
  readonly webhook: WebhookPort;
  /** The words of a message, in its language. */
  readonly messageOf: (notification: Notification) => Promise<Message>;
  /** The body of a webhook: the same bytes at every attempt. */
  readonly bodyOf: (notification: Notification) => Promise<string>;
  /** For the log: which message, by what way, how it ended. Never to whom. */
  readonly onAttempt: (attempt: Attempt) => void;
}

export interface Attempt {
  readonly notificationId: string;
  readonly channel: Notification['channel'];
  readonly attempts: number;
  readonly outcome: string;
  readonly isGivenUp: boolean;
}

/** Failures in a row after which a target is left alone. */
const PATIENCE = 5;
const PAUSE_MILLIS = 30_000;

interface Trouble {
  readonly failures: number;
  readonly pausedUntil: number;
}

export class Deliverer {
  readonly #parts: DeliveryParts;
  readonly #troubles = new Map<string, Trouble>();

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
  }

  /**
   * Lends at most so many messages and starts to send them.
   * @returns one promise a message, which never rejects; none when nothing is due.
   * @throws StsFault of the store.
   */
  async take(limit: number): Promise<readonly Promise<void>[]> {
    const { outbox, clock, policy } = this.#parts;
    const now = clock.now();
    const due = await outbox.nextDue();
    if (due === undefined || due > now) return [];
    const lent = await outbox.takeDue(now, now + policy.leaseMillis, limit);
    // What cannot be told to the store is lent until its time is over, and then sent again.
    return lent.map((notification) => this.#deliver(notification).catch(() => undefined));
  }

  async #deliver(notification: Notification): Promise<void> {
    const { outbox, clock } = this.#parts;
    const { notificationId, channel, attempts } = notification;
    const target = channel === 'webhook' ? notification.target : channel;
    const paused = this.#troubles.get(target)?.pausedUntil ?? 0;
    const isPaused = clock.now() < paused;
    const outcome: SendOutcome = isPaused
      ? { kind: 'failed', reason: 'target_paused' }
      : await this.#send(notification);
    if (!isPaused) this.#learn(target, outcome);
    const now = clock.now();
    const dueAt = outcome.kind === 'failed' ? this.#retryAt(notification, now) : null;
    if (outcome.kind === 'delivered') await outbox.delivered(notificationId, now);
    else await outbox.failed(notificationId, outcome.reason, dueAt);
    this.#parts.onAttempt({
      notificationId,
      channel,
      attempts,
      outcome: outcome.kind === 'delivered' ? 'delivered' : outcome.reason,
      isGivenUp: outcome.kind !== 'delivered' && dueAt === null,
    });
  }

  #retryAt(notification: Notification, now: number): number | null {
    return nextAttempt(this.#parts.policy, notification, now, this.#parts.random);
  }

  async #send(notification: Notification): Promise<SendOutcome> {
    const { sms, email, messageOf } = this.#parts;
    try {
      switch (notification.channel) {
        case 'sms':
          return await sms.send(await messageOf(notification));
        case 'email':
          return await email.send(await messageOf(notification));
        case 'webhook':
          return await this.#post(notification);
      }
    } catch (error) {
      if (isStsFault(error) && error.code === 'sale_reversed') return { kind: 'refused', reason: error.code };
      // Its text may quote the message.
      return { kind: 'failed', reason: 'internal_error' };
    }
  }

  async #post(notification: Notification): Promise<SendOutcome> {
    const { outbox, clock, webhook: port, webhookMaster, bodyOf } = this.#parts;
    const webhook = await outbox.findWebhook(notification.target);
    if (webhook === undefined) return { kind: 'refused', reason: 'webhook_removed' };
    if (!webhook.isEnabled) return { kind: 'refused', reason: 'webhook_disabled' };
    const body = await bodyOf(notification);
    const signed = signWebhook(webhookMaster, webhook, {
      id: notification.notificationId,
      body,
      now: clock.now(),
    });
    if (signed === undefined) return { kind: 'failed', reason: 'secret_lost' };
    const outcome = await port.post(webhook.url, { ...signed }, body);
    // The receiver says that it is gone for good: nobody should go on calling.
    if (outcome.kind === 'refused' && outcome.reason === 'gone') {
      await outbox.putWebhook({ ...webhook, isEnabled: false });
    }
    return outcome;
  }

  #learn(target: string, { kind }: SendOutcome): void {
    if (kind !== 'failed') {
      this.#troubles.delete(target);
      return;
    }
    const failures = (this.#troubles.get(target)?.failures ?? 0) + 1;
    const pausedUntil = failures < PATIENCE ? 0 : this.#parts.clock.now() + this.#pauseMillis();
    this.#troubles.set(target, { failures, pausedUntil });
  }

  #pauseMillis(): number {
    return Math.min(PAUSE_MILLIS, this.#parts.policy.firstMillis);
  }
}
