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

/** Lanes by a key, each alive while it is used. Nobody in one lane waits for anybody in another. */
export class Lanes<I, O> {
  readonly #run: (key: string, items: readonly I[]) => Promise<readonly Outcome<O>[]>;
  readonly #lanes = new Map<string, Lane<I, O>>();

  constructor(run: (key: string, items: readonly I[]) => Promise<readonly Outcome<O>[]>) {
    this.#run = run;
  }

  async add(key: string, item: I): Promise<O> {
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = new Lane((items) => this.#run(key, items));
      this.#lanes.set(key, lane);
    }
    try {
      return await lane.add(item);
    } finally {
      if (lane.idle && this.#lanes.get(key) === lane) this.#lanes.delete(key);
    }
  }
}
