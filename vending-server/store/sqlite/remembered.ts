/** Look-ups that give the same until something was written: what every sale asks is asked of the database once. */

const KEPT = 10_000;

export class Remembered {
  readonly #version: () => number;
  readonly #values = new Map<string, unknown>();
  #of = -1;

  /** @param version - rises by each write that could change what is remembered. */
  constructor(version: () => number) {
    this.#version = version;
  }

  /** @param name - of one thing that is looked up; `look` must depend on nothing else. */
  get<T>(name: string, look: () => T): T {
    const version = this.#version();
    if (version !== this.#of || this.#values.size >= KEPT) {
      this.#values.clear();
      this.#of = version;
    }
    if (this.#values.has(name)) return this.#values.get(name) as T;
    const value = look();
    this.#values.set(name, value);
    return value;
  }
}
