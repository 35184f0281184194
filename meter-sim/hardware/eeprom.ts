/**
 * A serial EEPROM (meter-hardware.md 4): 32 kB in pages of 64 bytes, 5 ms a page, deaf to writes while busy, worn in groups of four
 * bytes. A write that loses power leaves its bytes undefined; other addresses keep theirs.
 *
 * Files are the door's business: an image goes in, every change comes out through `onCommitted`.
 */
import { assertBytes, assertInteger } from '../../lib/assert.ts';
import { StsFault } from '../../lib/faults.ts';
import type { NonVolatileMemory } from '../firmware/hardware-interface.ts';
import type { EventClock, ScheduledEvent } from '../world/event-clock.ts';
import type { RandomStream } from '../world/random.ts';

/** What stands in the cells after power was lost within a write. */
export type Tear = (before: Uint8Array, after: Uint8Array, random: RandomStream) => Uint8Array;

export interface EepromConfig {
  readonly size: number;
  readonly pageSize: number;
  readonly writeMicros: number;
  readonly tear: Tear;
}

/** Any mix of old, new, erased and random, byte by byte. */
export const tearAnyMix: Tear = (before, after, random) =>
  after.map((byte, index) => {
    switch (random.integer(0, 3)) {
      case 0:
        return before[index] as number;
      case 1:
        return byte;
      case 2:
        return 0xff;
      default:
        return random.integer(0, 255);
    }
  });

export const DEFAULT_EEPROM: EepromConfig = {
  size: 32_768,
  pageSize: 64,
  writeMicros: 5000,
  tear: tearAnyMix,
};

interface Writing {
  readonly address: number;
  readonly bytes: Uint8Array;
  readonly event: ScheduledEvent;
}

/** A power cut planned for one write: before which of its bytes the cells stop. */
interface PlannedCut {
  readonly write: number;
  readonly byte: number;
  readonly cut: () => void;
}

const WEAR_GROUP = 4;

export class SimulatedEeprom implements NonVolatileMemory {
  readonly size: number;
  readonly pageSize: number;
  /** Told of every change of the cells, torn ones too, before the firmware is: a live meter writes it to its file. */
  onCommitted: (address: number, bytes: Uint8Array) => void = () => {};
  readonly #config: EepromConfig;
  readonly #clock: EventClock;
  readonly #random: RandomStream;
  readonly #cells: Uint8Array;
  readonly #wear: Uint32Array;
  #writing: Writing | null = null;
  #plan: PlannedCut | null = null;
  #writesStarted = 0;
  #lostWrites = 0;
  #tornWrites = 0;

  /** @param image - what the cells hold; a new part is all 0xFF. */
  constructor(clock: EventClock, random: RandomStream, config: EepromConfig, image?: Uint8Array) {
    this.#clock = clock;
    this.#random = random;
    this.#config = config;
    this.size = config.size;
    this.pageSize = config.pageSize;
    if (image !== undefined && image.length !== config.size) {
      throw new StsFault('memory_image_damaged', `${image.length} bytes instead of ${config.size}`);
    }
    this.#cells = image === undefined ? new Uint8Array(config.size).fill(0xff) : image.slice();
    this.#wear = new Uint32Array(config.size / WEAR_GROUP);
  }

  get isBusy(): boolean {
    return this.#writing !== null;
  }

  /** Writes that the part began, lost ones not counted. */
  get writesStarted(): number {
    return this.#writesStarted;
  }

  /** Writes sent while the part was busy. */
  get lostWrites(): number {
    return this.#lostWrites;
  }

  get tornWrites(): number {
    return this.#tornWrites;
  }

  /** Writes suffered by the four-byte group that holds `address`. */
  wearAt(address: number): number {
    return this.#wear[Math.floor(address / WEAR_GROUP)] as number;
  }

  /** The most worn group's writes. */
  get worstWear(): number {
    return this.#wear.reduce((worst, wear) => Math.max(worst, wear), 0);
  }

  /** A copy of the cells. */
  image(): Uint8Array {
    return this.#cells.slice();
  }

  read(address: number, length: number): Uint8Array {
    assertInteger(address, 0, this.size - 1, 'address');
    assertInteger(length, 0, this.size - address, 'length');
    return this.#cells.slice(address, address + length);
  }

  write(address: number, bytes: Uint8Array, done: () => void): void {
    assertInteger(address, 0, this.size - 1, 'address');
    assertBytes(bytes, bytes.length, 'bytes');
    assertInteger(bytes.length, 1, this.pageSize - (address % this.pageSize), 'bytes.length');
    if (this.#writing !== null) {
      this.#lostWrites++;
      return;
    }
    const { writeMicros } = this.#config;
    const now = this.#clock.now();
    const event = this.#clock.at(now + writeMicros, () => {
      this.#writing = null;
      this.#commit(address, copy);
      done();
    });
    const copy = bytes.slice();
    this.#writing = { address, bytes: copy, event };
    const plan = this.#plan;
    if (plan !== null && plan.write === this.#writesStarted) {
      const share = Math.min(1, Math.max(0, (plan.byte + 0.5) / bytes.length));
      // The cut of byte `length` comes one tick before the part would answer: all new, and nobody was told.
      this.#clock.at(now + Math.min(writeMicros - 1, Math.floor(writeMicros * share)), plan.cut);
    }
    this.#writesStarted++;
  }

  /**
   * Plans a power cut in the write with number `write` ({@link writesStarted} counts them from 0): the bytes before `byte` are
   * then new, that byte is random, later ones are old. A `byte` equal to the length leaves the whole write new.
   * @param cut - takes the power away; it must end in {@link powerLost}.
   */
  cutAtByte(write: number, byte: number, cut: () => void): void {
    this.#plan = { write, byte, cut };
  }

  /** Brown-out: a write in progress is torn. */
  powerLost(): void {
    const writing = this.#writing;
    if (writing === null) return;
    this.#writing = null;
    writing.event.cancel();
    this.#tornWrites++;
    const { address, bytes } = writing;
    const before = this.#cells.slice(address, address + bytes.length);
    const plan = this.#plan;
    if (plan !== null && plan.write === this.#writesStarted - 1) {
      this.#plan = null;
      const torn = bytes.map((byte, index) => (index < plan.byte ? byte : (before[index] as number)));
      if (plan.byte < torn.length) torn[plan.byte] = this.#random.integer(0, 255);
      this.#commit(address, torn);
      return;
    }
    this.#commit(address, this.#config.tear(before, bytes, this.#random));
  }

  #commit(address: number, bytes: Uint8Array): void {
    this.#cells.set(bytes, address);
    const last = Math.floor((address + bytes.length - 1) / WEAR_GROUP);
    for (let group = Math.floor(address / WEAR_GROUP); group <= last; group++) {
      this.#wear[group] = (this.#wear[group] as number) + 1;
    }
    this.onCommitted(address, bytes);
  }
}
