/**
 * A lane: what is asked for while one statement is under way goes out together in the next one. Under load a round trip, and
 * for writes a durable commit, is shared by all who wait; alone, nobody waits.
 */

interface Waiting<I, O> {
  readonly item: I;
  readonly resolve: (value: O) => void;
  readonly reject: (reason: unknown) => void;
}

/** For one of several results of a shared statement: a value, or what refuses this one alone. */
export type Outcome<O> = { readonly value: O } | { readonly error: unknown };

/** Most items of one statement. */
const MOST = 128;
/** With so many waiting another statement is worth its commit; fewer wait for the one under way. */
const WORTH_ANOTHER = 16;

interface LaneOptions<I> {
  /** Of whom an item is, and the turns that its statement must wait for. */
  readonly turns?: VendorTurns;
  readonly vendorOf?: (item: I) => string;
  /** Most statements under way at once. */
  readonly atOnce?: number;
}

export class Lane<I, O> {
  readonly #run: (items: readonly I[]) => Promise<readonly Outcome<O>[]>;
  readonly #options: LaneOptions<I>;
  #waiting: Waiting<I, O>[] = [];
  #running = 0;

  /** @param run - gives an outcome for each item, in their order; when it throws, all items fail with that. */
  constructor(run: (items: readonly I[]) => Promise<readonly Outcome<O>[]>, options: LaneOptions<I> = {}) {
    this.#run = run;
    this.#options = options;
  }

  get idle(): boolean {
    return this.#running === 0 && this.#waiting.length === 0;
  }

  add(item: I): Promise<O> {
    return new Promise<O>((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      const { atOnce = 1 } = this.#options;
      if (this.#running > 0 && (this.#running === atOnce || this.#waiting.length < WORTH_ANOTHER)) return;
      this.#running += 1;
      setImmediate(() => void this.#drive()); // whoever asks in the same turn comes along
    });
  }

  async #drive(): Promise<void> {
    while (this.#waiting.length > 0) {
      const vendors = new Set<string>();
      const group = this.#next(vendors);
      if (group.length === 0) {
        if (this.#running > 1) break; // the other statement under way goes on with them
        await this.#options.turns?.change();
        continue;
      }
      await this.#ask(group);
      this.#options.turns?.give(vendors);
      // Whoever has waited for these vendors comes before this lane's next statement; whoever was answered comes with it.
      if (vendors.size > 0) await new Promise((resolve) => setImmediate(resolve));
    }
    this.#running -= 1;
  }

  async #ask(group: readonly Waiting<I, O>[]): Promise<void> {
    try {
      const outcomes = await this.#run(group.map(({ item }) => item));
      for (const [index, { resolve, reject }] of group.entries()) {
        const outcome = outcomes[index];
        if (outcome === undefined) reject(new Error('a shared statement gave too few results'));
        else if ('error' in outcome) reject(outcome.error);
        else resolve(outcome.value);
      }
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }

  /** @param vendors - is given those whose turn the group has. */
  #next(vendors: Set<string>): readonly Waiting<I, O>[] {
    const { turns, vendorOf } = this.#options;
    if (turns === undefined || vendorOf === undefined) return this.#waiting.splice(0, MOST);
    const group: Waiting<I, O>[] = [];
    this.#waiting = this.#waiting.filter((waiting) => {
      if (group.length === MOST) return true;
      const vendorId = vendorOf(waiting.item);
      if (!vendors.has(vendorId) && !turns.take(vendorId)) return true;
      vendors.add(vendorId);
      group.push(waiting);
      return false;
    });
    return group;
  }
}

/**
 * Whose turn it is with each vendor's row, among the statements of this process: two of them on one vendor would only wait
 * for each other in the database, each with a connection and with less to do.
 */
export class VendorTurns {
  readonly #taken = new Set<string>();
  #waiting: (() => void)[] = [];

  /** @returns false while another statement is on this vendor. */
  take(vendorId: string): boolean {
    if (this.#taken.has(vendorId)) return false;
    this.#taken.add(vendorId);
    return true;
  }

  give(vendorIds: Iterable<string>): void {
    for (const vendorId of vendorIds) this.#taken.delete(vendorId);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  /** Resolves when some vendors have come free. */
  change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

/** A vendor's row was held by somebody else, and nobody waited for it: ask again, and wait. */
export const BUSY = Symbol('busy');

/** Vendors with little to do share statements; under load so many are under way at once. */
const SHARED_AT_ONCE = 4;
/** A vendor with more than this under way has a lane of its own. */
const SHARED_MOST = 8;
/** So long a vendor keeps a lane of its own after it was busy here, or its row was held by somebody else. */
const CONTENDED_MILLIS = 1_000;

type Turns<I> = Required<Pick<LaneOptions<I>, 'turns' | 'vendorOf'>>;

/**
 * Lanes for what is done on vendors' rows. Many vendors share a statement and its commit, which never waits for any of their
 * rows. A vendor that is busy here, or whose row is held by another server, gets a lane of its own and waits there alone.
 */
export class VendorLanes<I, O> {
  readonly #run: (items: readonly I[], wait: boolean) => Promise<readonly Outcome<O | typeof BUSY>[]>;
  readonly #turns: Turns<I>;
  readonly #shared: Lane<I, O | typeof BUSY>;
  readonly #own = new Map<string, Lane<I, O | typeof BUSY>>();
  readonly #underWay = new Map<string, number>();
  readonly #contendedUntil = new Map<string, number>();

  /** @param run - with `wait`, all items are one vendor's, and none may come back as {@link BUSY}. */
  constructor(
    run: (items: readonly I[], wait: boolean) => Promise<readonly Outcome<O | typeof BUSY>[]>,
    turns: Turns<I>,
  ) {
    this.#run = run;
    this.#turns = turns;
    this.#shared = new Lane((items) => run(items, false), { ...turns, atOnce: SHARED_AT_ONCE });
  }

  async add(vendorId: string, item: I): Promise<O> {
    const count = (this.#underWay.get(vendorId) ?? 0) + 1;
    this.#underWay.set(vendorId, count);
    try {
      if (count > SHARED_MOST) this.#contendedUntil.set(vendorId, performance.now() + CONTENDED_MILLIS);
      if (!this.#own.has(vendorId) && !this.#isContended(vendorId)) {
        const result = await this.#shared.add(item);
        if (result !== BUSY) return result;
        this.#contendedUntil.set(vendorId, performance.now() + CONTENDED_MILLIS);
      }
      return await this.addAlone(vendorId, item);
    } finally {
      const left = (this.#underWay.get(vendorId) ?? 1) - 1;
      if (left === 0) this.#underWay.delete(vendorId);
      else this.#underWay.set(vendorId, left);
    }
  }

  /** In the vendor's own lane: what is added for it afterwards comes afterwards. */
  async addAlone(vendorId: string, item: I): Promise<O> {
    let lane = this.#own.get(vendorId);
    if (lane === undefined) {
      lane = new Lane((items) => this.#run(items, true), this.#turns);
      this.#own.set(vendorId, lane);
    }
    try {
      const result = await lane.add(item);
      if (result === BUSY) throw new Error('a statement that waits cannot find a row busy');
      return result;
    } finally {
      if (lane.idle && this.#own.get(vendorId) === lane) this.#own.delete(vendorId);
    }
  }

  #isContended(vendorId: string): boolean {
    const until = this.#contendedUntil.get(vendorId);
    if (until === undefined) return false;
    if (performance.now() < until) return true;
    this.#contendedUntil.delete(vendorId);
    return false;
  }
}
