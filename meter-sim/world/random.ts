/**
 * Seeded chance, the only source of it in the simulator: sfc32 (a published small generator of 128 bits of state) seeded
 * from a world's seed and the name of a stream, so that one part's draws never shift another's.
 */
import type { Keeper } from '../firmware/keeper.ts';

export class RandomStream {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;
  #spare: number | null = null;

  constructor(seed: number | string, stream: string) {
    const text = `${seed}/${stream}`;
    this.#a = hash(text, 0x9e3779b9);
    this.#b = hash(text, 0x243f6a88);
    this.#c = hash(text, 0xb7e15162);
    for (let round = 0; round < 15; round++) this.word();
  }

  keep(keeper: Keeper): void {
    this.#a = keeper.value(this.#a);
    this.#b = keeper.value(this.#b);
    this.#c = keeper.value(this.#c);
    this.#counter = keeper.value(this.#counter);
    this.#spare = keeper.value(this.#spare);
  }

  /** 32 uniform bits. */
  word(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return sum >>> 0;
  }

  /** Uniform in [0, 1) with 53 bits. */
  uniform(): number {
    return ((this.word() >>> 5) * 0x4000000 + (this.word() >>> 6)) / 0x20000000000000;
  }

  /** Uniform integer from `min` to `max`, both possible. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.uniform() * (max - min + 1));
  }

  /** Normal deviate, mean 0, deviation 1 (Box and Muller). */
  gaussian(): number {
    if (this.#spare !== null) {
      const spare = this.#spare;
      this.#spare = null;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.#spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }
}

/** FNV-1a with a final mix, good enough to separate seeds. */
function hash(text: string, start: number): number {
  let word = start | 0;
  for (let index = 0; index < text.length; index++) {
    word = Math.imul(word ^ text.charCodeAt(index), 0x01000193);
  }
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return word ^ (word >>> 16);
}
