/**
 * At least once over a lossy link: the head end repeats a command until its answer comes, the meter's module repeats a reading
 * until it is acknowledged, and both ends know by its idempotency key what they have had already. A command that comes again is
 * answered as before and not carried out again.
 */
import type { Keeper, Kept } from '../firmware/keeper.ts';
import { Agenda } from '../world/agenda.ts';
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
/** Keys that a receiver remembers beyond those under way: no link brings a message later than minutes after it was sent. */
const REMEMBERED = 16;

/** Under way: a thing to be sent (again), one that arrives, its receipt that arrives. */
type Step<Content, Receipt> =
  | { readonly kind: 'try'; readonly key: number; readonly content: Content; readonly wait: number }
  | { readonly kind: 'arrive'; readonly key: number; readonly content: Content }
  | { readonly kind: 'answer'; readonly key: number; readonly receipt: Receipt };

/** Carries things one way and their receipts the other. */
export class Courier<Content, Receipt> implements Kept {
  readonly counts: CourierCounts = { sent: 0, lost: 0, duplicates: 0, offered: 0, confirmed: 0 };
  readonly #world: MeterWorld;
  readonly #there: Link;
  readonly #back: Link;
  readonly #secondOfDay: () => number;
  /** Carries a thing out and gives the receipt; never, where the receiver could not. */
  readonly #receive: (content: Content, receipt: (value: Receipt) => void) => void;
  readonly #confirmed: (key: number, receipt: Receipt) => void;
  /** What the receiver remembers; `undefined` while it is being carried out. */
  #had = new Map<number, { readonly receipt: Receipt } | undefined>();
  #open = new Set<number>();
  readonly #agenda: Agenda<Step<Content, Receipt>>;

  constructor(
    world: MeterWorld,
    links: { readonly there: Link; readonly back: Link },
    secondOfDay: () => number,
    receive: (content: Content, receipt: (value: Receipt) => void) => void,
    confirmed: (key: number, receipt: Receipt) => void = () => {},
  ) {
    this.#world = world;
    this.#there = links.there;
    this.#back = links.back;
    this.#secondOfDay = secondOfDay;
    this.#receive = receive;
    this.#confirmed = confirmed;
    this.#agenda = new Agenda(world, (step) => this.#take(step));
  }

  /** @param key - one for each thing, however often it is sent. */
  offer(key: number, content: Content): void {
    this.counts.offered++;
    this.#open.add(key);
    this.#try(key, content, FIRST_WAIT_MICROS);
  }

  /** Without the link, which two couriers share. */
  keep(keeper: Keeper): void {
    Object.assign(this.counts, keeper.value(this.counts));
    this.#had = keeper.value(this.#had);
    this.#open = keeper.value(this.#open);
    this.#agenda.keep(keeper);
  }

  #take(step: Step<Content, Receipt>): void {
    switch (step.kind) {
      case 'try':
        this.#try(step.key, step.content, step.wait);
        return;
      case 'arrive':
        this.#arrive(step.key, step.content);
        return;
      case 'answer':
        this.#hear(step.key, step.receipt);
        return;
    }
  }

  #try(key: number, content: Content, wait: number): void {
    if (!this.#open.has(key)) return;
    this.#send(this.#there, { kind: 'arrive', key, content });
    this.#agenda.after(wait, { kind: 'try', key, content, wait: Math.min(2 * wait, LONGEST_WAIT_MICROS) });
  }

  #send(link: Link, arrival: Step<Content, Receipt>): void {
    this.counts.sent++;
    const arrivals = link.send(this.#world.now(), this.#secondOfDay());
    if (arrivals.length === 0) this.counts.lost++;
    for (const at of arrivals) this.#agenda.at(at, arrival);
  }

  #arrive(key: number, content: Content): void {
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

  #answer(key: number, receipt: Receipt): void {
    this.#send(this.#back, { kind: 'answer', key, receipt });
  }

  #hear(key: number, receipt: Receipt): void {
    if (!this.#open.delete(key)) return;
    this.counts.confirmed++;
    this.#confirmed(key, receipt);
    this.#forgetOldest();
  }

  #forgetOldest(): void {
    if (this.#had.size <= REMEMBERED + this.#open.size) return;
    for (const key of this.#had.keys()) {
      if (this.#open.has(key)) continue;
      this.#had.delete(key);
      return;
    }
  }
}
