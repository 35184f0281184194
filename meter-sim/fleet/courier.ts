/**
 * At least once over a lossy link: the head end repeats a command until its answer comes, the meter's module repeats a reading
 * until it is acknowledged, and both ends know by its idempotency key what they have had already. A command that comes again is
 * answered as before and not carried out again.
 */
import type { Link } from '../world/link-model.ts';
import type { MeterWorld } from '../world/meter-world.ts';

export interface CourierCounts {
  /** Messages given to the link, repeats included. */
  sent: number;
  lost: number;
  /** Arrivals of what had arrived before. */
  duplicates: number;
  /** Things to be delivered, and those of which the sender knows that they were. */
  offered: number;
  confirmed: number;
}

const FIRST_WAIT_MICROS = 30_000_000;
const LONGEST_WAIT_MICROS = 3_600_000_000;

/** Carries things one way and their receipts the other. */
export class Courier<Content, Receipt> {
  readonly counts: CourierCounts = { sent: 0, lost: 0, duplicates: 0, offered: 0, confirmed: 0 };
  readonly #world: MeterWorld;
  readonly #there: Link;
  readonly #back: Link;
  readonly #secondOfDay: () => number;
  /** Carries a thing out and gives the receipt; never, where the receiver could not. */
  readonly #receive: (content: Content, receipt: (value: Receipt) => void) => void;
  readonly #confirmed: (key: string, receipt: Receipt) => void;
  /** What the receiver remembers; `undefined` while it is being carried out. */
  readonly #had = new Map<string, { readonly receipt: Receipt } | undefined>();
  readonly #open = new Set<string>();

  constructor(
    world: MeterWorld,
    links: { readonly there: Link; readonly back: Link },
    secondOfDay: () => number,
    receive: (content: Content, receipt: (value: Receipt) => void) => void,
    confirmed: (key: string, receipt: Receipt) => void = () => {},
  ) {
    this.#world = world;
    this.#there = links.there;
    this.#back = links.back;
    this.#secondOfDay = secondOfDay;
    this.#receive = receive;
    this.#confirmed = confirmed;
  }

  /** @param key - one for each thing, however often it is sent. */
  offer(key: string, content: Content): void {
    this.counts.offered++;
    this.#open.add(key);
    this.#try(key, content, FIRST_WAIT_MICROS);
  }

  #try(key: string, content: Content, wait: number): void {
    if (!this.#open.has(key)) return;
    this.#send(this.#there, () => this.#arrive(key, content));
    this.#world.at(this.#world.now() + wait, () =>
      this.#try(key, content, Math.min(2 * wait, LONGEST_WAIT_MICROS)),
    );
  }

  #send(link: Link, arrive: () => void): void {
    this.counts.sent++;
    const arrivals = link.send(this.#world.now(), this.#secondOfDay());
    if (arrivals.length === 0) this.counts.lost++;
    for (const at of arrivals) this.#world.at(at, arrive);
  }

  #arrive(key: string, content: Content): void {
    if (this.#had.has(key)) {
      this.counts.duplicates++;
      const known = this.#had.get(key);
      if (known !== undefined) this.#answer(key, known.receipt);
      return;
    }
    this.#had.set(key, undefined);
    let isAnswered = false;
    this.#receive(content, (receipt) => {
      if (isAnswered) return;
      isAnswered = true;
      this.#had.set(key, { receipt });
      this.#answer(key, receipt);
    });
  }

  /** The receiver could not carry out what it had begun: the next time is the first again. */
  forgetUnfinished(): void {
    for (const [key, known] of this.#had) if (known === undefined) this.#had.delete(key);
  }

  #answer(key: string, receipt: Receipt): void {
    this.#send(this.#back, () => {
      if (!this.#open.delete(key)) return;
      this.counts.confirmed++;
      this.#confirmed(key, receipt);
    });
  }
}
