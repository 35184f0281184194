/**
 * The cells of an EEPROM with their wear (meter-hardware.md 4): counted in groups of four bytes, a bit of a group sticks once the
 * group has outlived its endurance by a Weibull-distributed number of writes, then the next.
 *
 * A meter uses a few of the part's 32 kB: what was never written takes no memory, so that ten thousand meters fit one computer.
 */
import { invariant } from '../../lib/assert.ts';
import type { Keeper } from '../firmware/keeper.ts';
import type { RandomStream } from '../world/random.ts';

/** One byte written wears this many. */
export const WEAR_GROUP = 4;

export interface CellsConfig {
  readonly size: number;
  readonly pageSize: number;
  readonly endurance: number;
  readonly wearShape: number;
  readonly wearScale: number;
}

interface Stuck {
  mask: number;
  value: number;
}

/** Pages that come and go together: less than that is mostly the overhead of a typed array. */
const CHUNK = 1024;
const ERASED = 0xff;
/** The second bit of a group sticks sooner than the first, after this share of the Weibull draw (assumed). */
const FURTHER_BIT = 0.1;

export class Cells {
  readonly #config: CellsConfig;
  readonly #random: RandomStream;
  readonly #chunks: (Uint8Array | undefined)[];
  /** Writes of whole pages, by page; and writes of less, by group. */
  #pageWear: number[] = [];
  #groupWear = new Map<number, number>();
  #stuck = new Map<number, Stuck>();
  /** For a group past its endurance: the wear at which its next bit sticks. */
  #lives = new Map<number, number>();
  #worst = 0;

  constructor(config: CellsConfig, random: RandomStream, image: Uint8Array | undefined) {
    invariant(CHUNK % config.pageSize === 0, 'a page does not reach over two chunks');
    this.#config = config;
    this.#random = random;
    this.#chunks = new Array(Math.ceil(config.size / CHUNK)).fill(undefined);
    if (image === undefined) return;
    for (let at = 0; at < image.length; at += CHUNK) {
      const bytes = image.subarray(at, at + CHUNK);
      if (bytes.some((byte) => byte !== ERASED)) this.#put(at, bytes);
    }
  }

  keep(keeper: Keeper): void {
    const used = keeper.value(this.#chunks.flatMap((chunk, index) => (chunk === undefined ? [] : [index])));
    const bytes = keeper.value(this.#bytesOf(used));
    this.#pageWear = keeper.value(this.#pageWear);
    const groups = [...this.#groupWear.keys()];
    // Each but the first as its distance from the one before: most are neighbours, and so take nothing.
    const steps = keeper.value(groups.map((group, index) => group - (groups[index - 1] ?? 0)));
    const writes = keeper.value([...this.#groupWear.values()]);
    this.#stuck = keeper.value(this.#stuck);
    this.#lives = keeper.value(this.#lives);
    this.#worst = keeper.value(this.#worst);
    if (!keeper.isWaking) return;
    this.#groupWear = wearOfGroups(steps, writes);
    this.#chunks.fill(undefined);
    for (const [place, index] of used.entries()) {
      this.#chunks[index] = bytes.slice(place * CHUNK, (place + 1) * CHUNK);
    }
  }

  get stuckBits(): number {
    let bits = 0;
    for (const { mask } of this.#stuck.values()) for (let rest = mask; rest > 0; rest >>= 1) bits += rest & 1;
    return bits;
  }

  get worstWear(): number {
    return this.#worst;
  }

  wearOf(group: number): number {
    const page = Math.floor((group * WEAR_GROUP) / this.#config.pageSize);
    return (this.#pageWear[page] ?? 0) + (this.#groupWear.get(group) ?? 0);
  }

  read(address: number, length: number): Uint8Array {
    const first = Math.floor(address / CHUNK);
    const from = address - first * CHUNK;
    if (from + length <= CHUNK) {
      return this.#chunks[first]?.slice(from, from + length) ?? new Uint8Array(length).fill(ERASED);
    }
    const bytes = new Uint8Array(length).fill(ERASED);
    for (let index = first; index * CHUNK < address + length; index++) {
      const chunk = this.#chunks[index];
      if (chunk === undefined) continue;
      const start = Math.max(address, index * CHUNK);
      const end = Math.min(address + length, (index + 1) * CHUNK);
      bytes.set(chunk.subarray(start - index * CHUNK, end - index * CHUNK), start - address);
    }
    return bytes;
  }

  /** Writes within one page and wears its groups. @returns whether some of the bytes hold stuck bits. */
  write(address: number, bytes: Uint8Array): boolean {
    this.#put(address, bytes);
    this.#wear(address, bytes.length);
    if (this.#stuck.size === 0) return false;
    let isStuck = false;
    for (const [at, { mask, value }] of this.#stuck) {
      if (at < address || at >= address + bytes.length) continue;
      isStuck = true;
      this.#force(at, mask, value);
    }
    return isStuck;
  }

  stick(address: number, mask: number, value: number): void {
    const stuck = this.#stuck.get(address) ?? { mask: 0, value: 0 };
    this.#stuck.set(address, {
      mask: stuck.mask | mask,
      value: (stuck.value & ~mask) | (value & mask),
    });
    this.#force(address, mask, value);
  }

  #bytesOf(used: readonly number[]): Uint8Array {
    const bytes = new Uint8Array(used.length * CHUNK);
    for (const [place, index] of used.entries()) {
      const chunk = this.#chunks[index];
      if (chunk !== undefined) bytes.set(chunk, place * CHUNK);
    }
    return bytes;
  }

  #force(address: number, mask: number, value: number): void {
    const byte = this.read(address, 1)[0] as number;
    this.#put(address, Uint8Array.of((byte & ~mask) | (value & mask)));
  }

  /** Within one page, and so within one chunk, but for an image that is put chunk by chunk. */
  #put(address: number, bytes: Uint8Array): void {
    const index = Math.floor(address / CHUNK);
    let chunk = this.#chunks[index];
    if (chunk === undefined) {
      chunk = new Uint8Array(CHUNK).fill(ERASED);
      this.#chunks[index] = chunk;
    }
    chunk.set(bytes, address - index * CHUNK);
  }

  #wear(address: number, length: number): void {
    const { pageSize } = this.#config;
    const first = Math.floor(address / WEAR_GROUP);
    const last = Math.floor((address + length - 1) / WEAR_GROUP);
    const isWholePage = length === pageSize;
    if (isWholePage) {
      const page = address / pageSize;
      while (this.#pageWear.length <= page) this.#pageWear.push(0);
      this.#pageWear[page] = (this.#pageWear[page] as number) + 1;
    }
    // Of a part whose pages were always written whole, all groups of a page are alike.
    if (isWholePage && this.#groupWear.size === 0 && this.wearOf(first) <= this.#config.endurance) {
      this.#worst = Math.max(this.#worst, this.wearOf(first));
      return;
    }
    for (let group = first; group <= last; group++) {
      if (!isWholePage) this.#groupWear.set(group, (this.#groupWear.get(group) ?? 0) + 1);
      const wear = this.wearOf(group);
      if (wear > this.#worst) this.#worst = wear;
      if (wear > this.#config.endurance) this.#age(group, wear);
    }
  }

  #age(group: number, wear: number): void {
    const { endurance, wearScale } = this.#config;
    const life = this.#lives.get(group) ?? endurance * (1 + wearScale * this.#weibull());
    this.#lives.set(group, life);
    if (wear < life) return;
    this.#lives.set(group, wear + FURTHER_BIT * endurance * wearScale * this.#weibull());
    const mask = 1 << this.#random.integer(0, 7);
    this.stick(
      group * WEAR_GROUP + this.#random.integer(0, WEAR_GROUP - 1),
      mask,
      this.#random.integer(0, 1) * mask,
    );
  }

  /** Scale 1. */
  #weibull(): number {
    return (-Math.log(1 - this.#random.uniform())) ** (1 / this.#config.wearShape);
  }
}

function wearOfGroups(steps: readonly number[], writes: readonly number[]): Map<number, number> {
  let group = 0;
  return new Map(
    steps.map((step, index) => {
      group += step;
      return [group, writes[index] ?? 0];
    }),
  );
}
