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

/** A vendor's row was held by somebody else, and nobody waited for it, or not long enough: ask again, and wait longer. */
export const BUSY = Symbol('busy');

/** How long a statement waits for rows that somebody else holds: not at all, {@link SHORT_MILLIS}, or until they come free. */
export type Patience = 'none' | 'short' | 'long';
/** Many times what another server's statement takes; a row that stands still longer must not hold many vendors up. */
export const SHORT_MILLIS = 100;

/** Vendors with little to do share statements; under load so many are under way at once. */
const SHARED_AT_ONCE = 4;
/** A vendor with more than this under way has a lane of its own. */
const SHARED_MOST = 8;
/** So long a vendor is waited for after its row was held: whoever sells for it elsewhere goes on doing so. */
const HELD_MILLIS = 10_000;
/** So long a vendor keeps a lane of its own after it was busy here, or its row stood still. */
const ALONE_MILLIS = 1_000;
/** Statements under way that wait for rows of other servers. */
const PATIENT_AT_ONCE = 2;

type Turns<I> = Required<Pick<LaneOptions<I>, 'turns' | 'vendorOf'>>;

/**
 * Lanes for what is done on vendors' rows. Many vendors share a statement and its commit, which never waits for any of their
 * rows. Those whose rows another server held share statements that wait a moment for it: two servers that sell for the same
 * vendors take turns. A vendor that is busy here, or whose row stands still, gets a lane of its own and waits there alone.
 */
export class VendorLanes<I, O> {
  readonly #run: (items: readonly I[], patience: Patience) => Promise<readonly Outcome<O | typeof BUSY>[]>;
  readonly #turns: Turns<I>;
  readonly #shared: Lane<I, O | typeof BUSY>;
  readonly #patient: Lane<I, O | typeof BUSY>;
  readonly #own = new Map<string, Lane<I, O | typeof BUSY>>();
  readonly #underWay = new Map<string, number>();
  readonly #held = new Recently(HELD_MILLIS);
  readonly #alone = new Recently(ALONE_MILLIS);

  /** @param run - with patience 'long', all items are one vendor's, and none may come back as {@link BUSY}. */
  constructor(
    run: (items: readonly I[], patience: Patience) => Promise<readonly Outcome<O | typeof BUSY>[]>,
    turns: Turns<I>,
  ) {
    this.#run = run;
    this.#turns = turns;
    this.#shared = new Lane((items) => run(items, 'none'), { ...turns, atOnce: SHARED_AT_ONCE });
    this.#patient = new Lane((items) => run(items, 'short'), { ...turns, atOnce: PATIENT_AT_ONCE });
  }

  async add(vendorId: string, item: I): Promise<O> {
    const count = (this.#underWay.get(vendorId) ?? 0) + 1;
    this.#underWay.set(vendorId, count);
    try {
      if (count > SHARED_MOST) this.#alone.add(vendorId);
      const result = await this.#addShared(vendorId, item);
      return result === BUSY ? await this.addAlone(vendorId, item) : result;
    } finally {
      const left = (this.#underWay.get(vendorId) ?? 1) - 1;
      if (left === 0) this.#underWay.delete(vendorId);
      else this.#underWay.set(vendorId, left);
    }
  }

  async #addShared(vendorId: string, item: I): Promise<O | typeof BUSY> {
    if (this.#own.has(vendorId) || this.#alone.has(vendorId)) return BUSY;
    if (!this.#held.has(vendorId)) {
      const result = await this.#shared.add(item);
      if (result !== BUSY) return result;
      this.#held.add(vendorId);
    }
    const result = await this.#patient.add(item);
    if (result === BUSY) this.#alone.add(vendorId);
    return result;
  }

  /** In the vendor's own lane: what is added for it afterwards comes afterwards. */
  async addAlone(vendorId: string, item: I): Promise<O> {
    let lane = this.#own.get(vendorId);
    if (lane === undefined) {
      lane = new Lane((items) => this.#run(items, 'long'), this.#turns);
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
}

/** What was said of vendors within the last moments. */
class Recently {
  readonly #millis: number;
  readonly #until = new Map<string, number>();

  constructor(millis: number) {
    this.#millis = millis;
  }

  add(vendorId: string): void {
    this.#until.set(vendorId, performance.now() + this.#millis);
  }

  has(vendorId: string): boolean {
    const until = this.#until.get(vendorId);
    if (until === undefined) return false;
    if (performance.now() < until) return true;
    this.#until.delete(vendorId);
    return false;
  }
}
