/** Keeps the outbox going while the server runs: looks when woken and now and then, sends many at once, ends what it began. */

import type { Clock } from '../clock.ts';
import type { Endpoints } from '../notify/context.ts';
import type { Deliverer } from '../notify/deliver.ts';
import type { Outbox } from '../store/outbox.ts';

export interface DeliveryLoopOptions {
  readonly deliverer: Pick<Deliverer, 'take'>;
  readonly outbox: Pick<Outbox, 'forgetDelivered'>;
  readonly endpoints: Endpoints;
  readonly clock: Clock;
  /** How often it looks when nobody wakes it: retries come due, and other servers add messages and webhooks. */
  readonly lookMillis: number;
  /** Told of a round that the store refused. */
  readonly onTrouble: (error: unknown) => void;
}

const AT_ONCE = 64;
const KEPT_MILLIS = 30 * 24 * 3_600_000;
const FORGET_EVERY_MILLIS = 3_600_000;
const FORGET_AT_ONCE = 1000;

export class DeliveryLoop {
  readonly #options: DeliveryLoopOptions;
  readonly #running = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #isStopped = false;
  #isWoken = false;
  #forgetAt = 0;

  constructor(options: DeliveryLoopOptions) {
    this.#options = options;
  }

  start(): void {
    this.wake();
  }

  /** Something may be due: look now, or once more when a look is under way. */
  wake(): void {
    if (this.#isStopped) return;
    if (this.#looking !== undefined) {
      this.#isWoken = true;
      return;
    }
    clearTimeout(this.#timer);
    this.#looking = this.#look().finally(() => {
      this.#looking = undefined;
      if (this.#isStopped) return;
      if (this.#isWoken) {
        this.#isWoken = false;
        this.wake();
      } else this.#timer = setTimeout(() => this.wake(), this.#options.lookMillis).unref();
    });
  }

  /** Begins nothing more, and resolves when what was begun has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#looking;
    await Promise.all(this.#running);
  }

  async #look(): Promise<void> {
    const { deliverer, endpoints, onTrouble } = this.#options;
    try {
      await endpoints.refresh();
      while (!this.#isStopped && this.#running.size < AT_ONCE) {
        const begun = await deliverer.take(AT_ONCE - this.#running.size);
        if (begun.length === 0) break;
        for (const delivery of begun) this.#watch(delivery);
      }
      await this.#forget();
    } catch (error) {
      onTrouble(error);
    }
  }

  #watch(delivery: Promise<void>): void {
    const ended = delivery.finally(() => {
      const wasFull = this.#running.size >= AT_ONCE;
      this.#running.delete(ended);
      if (wasFull) this.wake();
    });
    this.#running.add(ended);
  }

  async #forget(): Promise<void> {
    const { clock, outbox } = this.#options;
    const now = clock.now();
    if (now < this.#forgetAt) return;
    this.#forgetAt = now + FORGET_EVERY_MILLIS;
    await outbox.forgetDelivered(now - KEPT_MILLIS, FORGET_AT_ONCE);
  }
}
