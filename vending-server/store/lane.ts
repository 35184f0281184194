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

export class Lane<I, O> {
  readonly #run: (items: readonly I[]) => Promise<readonly Outcome<O>[]>;
  readonly #most: number;
  #waiting: Waiting<I, O>[] = [];
  #busy = false;

  /** @param run - gives an outcome for each item, in their order; when it throws, all items fail with that. */
  constructor(run: (items: readonly I[]) => Promise<readonly Outcome<O>[]>, most = 128) {
    this.#run = run;
    this.#most = most;
  }

  get idle(): boolean {
    return !this.#busy && this.#waiting.length === 0;
  }

  add(item: I): Promise<O> {
    return new Promise<O>((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (this.#busy) return;
      this.#busy = true;
      setImmediate(() => void this.#drive()); // whoever asks in the same turn comes along
    });
  }

  async #drive(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, this.#most);
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
    this.#busy = false;
  }
}

/** A vendor's row was held by somebody else, and nobody waited for it: ask again, and wait. */
export const BUSY = Symbol('busy');

/** Vendors with little to do share this many lanes. */
const SHARED_LANES = 4;
/** A vendor with more than this under way has a lane of its own. */
const SHARED_MOST = 8;
/** So long a vendor keeps a lane of its own after it was busy here, or its row was held by somebody else. */
const CONTENDED_MILLIS = 1_000;

/**
 * Lanes for what is done on vendors' rows. Many vendors share a statement and its commit, which never waits for any of their
 * rows. A vendor that is busy here, or whose row is held by another server, gets a lane of its own and waits there alone.
 */
export class VendorLanes<I, O> {
  readonly #run: (items: readonly I[], wait: boolean) => Promise<readonly Outcome<O | typeof BUSY>[]>;
  readonly #shared: readonly Lane<I, O | typeof BUSY>[];
  readonly #own = new Map<string, Lane<I, O | typeof BUSY>>();
  readonly #underWay = new Map<string, number>();
  readonly #contendedUntil = new Map<string, number>();

  /** @param run - with `wait`, all items are one vendor's, and none may come back as {@link BUSY}. */
  constructor(run: (items: readonly I[], wait: boolean) => Promise<readonly Outcome<O | typeof BUSY>[]>) {
    this.#run = run;
    this.#shared = Array.from({ length: SHARED_LANES }, () => new Lane((items) => run(items, false)));
  }

  async add(vendorId: string, item: I): Promise<O> {
    const count = (this.#underWay.get(vendorId) ?? 0) + 1;
    this.#underWay.set(vendorId, count);
    try {
      if (count > SHARED_MOST) this.#contendedUntil.set(vendorId, performance.now() + CONTENDED_MILLIS);
      if (!this.#own.has(vendorId) && !this.#isContended(vendorId)) {
        const result = await this.#sharedLane(vendorId).add(item);
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
      lane = new Lane((items) => this.#run(items, true));
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

  #sharedLane(vendorId: string): Lane<I, O | typeof BUSY> {
    let sum = 0;
    for (let i = 0; i < vendorId.length; i += 1) sum = (sum * 31 + vendorId.charCodeAt(i)) % 65_521;
    return this.#shared[sum % SHARED_LANES] as Lane<I, O | typeof BUSY>;
  }
}
