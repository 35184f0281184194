/** What the use cases of messages and webhooks are given. */
import type { Clock, Random } from '../clock.ts';
import type { Outbox, WebhookRecord } from '../store/outbox.ts';

export interface Notifying {
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly random: Random;
  /** From which all secrets of webhooks are derived; it stands in the data folder and in no database. */
  readonly webhookMaster: Uint8Array;
  /** Why no webhook may be at this address, or undefined. */
  readonly whyRefused: (url: string) => string | undefined;
  /** The webhooks of the moment: a sale may not wait for a look-up. */
  readonly endpoints: Endpoints;
  /** Says that something waits to be sent. */
  readonly wake: () => void;
}

/** The webhooks as they were last read. Another server on the same database is heard of at the next refresh. */
export class Endpoints {
  readonly #outbox: Pick<Outbox, 'webhooks'>;
  #known: readonly WebhookRecord[] = [];

  constructor(outbox: Pick<Outbox, 'webhooks'>) {
    this.#outbox = outbox;
  }

  get known(): readonly WebhookRecord[] {
    return this.#known;
  }

  async refresh(): Promise<void> {
    this.#known = await this.#outbox.webhooks();
  }
}
