/**
 * A serial EEPROM (meter-hardware.md 4): 32 kB in pages of 64 bytes, 5 ms a page, deaf to writes while busy, worn in groups of four
 * bytes. A write that loses power leaves its bytes undefined; other addresses keep theirs, unless the noise on a dying bus begins a
 * write of its own.
 *
 * Files are the door's business: an image goes in, every change comes out through `onCommitted`.
 */
import { assertBytes, assertInteger } from '../../lib/assert.ts';
import { StsFault } from '../../lib/faults.ts';
import type { NonVolatileMemory } from '../firmware/hardware-interface.ts';
import type { Keeper } from '../firmware/keeper.ts';
import type { EventClock, ScheduledEvent } from '../world/event-clock.ts';
import type { RandomStream } from '../world/random.ts';
import { Cells, WEAR_GROUP } from './eeprom-cells.ts';

/** What stands in the cells after power was lost within a write. */
export type Tear = (before: Uint8Array, after: Uint8Array, random: RandomStream) => Uint8Array;

export interface EepromConfig {
  readonly size: number;
  readonly pageSize: number;
  readonly writeMicros: number;
  readonly tear: Tear;
  /** Writes that every four-byte group takes without harm. */
  readonly endurance: number;
  /** Beyond that a bit sticks after Weibull-many more writes: shape, and scale as a share of the endurance (assumed). */
  readonly wearShape: number;
  readonly wearScale: number;
  /** Vmin: below it a write is lost and a read is noise. */
  readonly lowestVolt: number;
  /** Probability that a bit read below Vmin is wrong (assumed). */
  readonly readNoise: number;
  /** Probability of a spurious write each time that the voltage falls through Vmin with the write-protect pin released. */
  readonly spuriousWrite: number;
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
  endurance: 1_000_000,
  wearShape: 3,
  wearScale: 1,
  lowestVolt: 2.5,
  readNoise: 0.1,
  spuriousWrite: 1e-4,
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

/** What went wrong in the part, counted. */
export interface EepromCounts {
  /** Writes sent while the part was busy. */
  lostWrites: number;
  /** Writes sent below Vmin. */
  lowVoltWrites: number;
  /** Writes sent while the write-protect pin was asserted: the part answers at once and changes nothing. */
  protectedWrites: number;
  tornWrites: number;
  spuriousWrites: number;
}

export class SimulatedEeprom implements NonVolatileMemory {
  readonly size: number;
  readonly pageSize: number;
  /** Told of every change of the cells, torn ones too, before the firmware is: a live meter writes it to its file. */
  onCommitted: (address: number, bytes: Uint8Array) => void = () => {};
  /** Told when a write begins and ends: the part then draws more. */
  onBusy: (isBusy: boolean) => void = () => {};
  /** Voltage at the part's pins. */
  volt: () => number = () => Number.POSITIVE_INFINITY;
  readonly counts: EepromCounts = {
    lostWrites: 0,
    lowVoltWrites: 0,
    protectedWrites: 0,
    tornWrites: 0,
    spuriousWrites: 0,
  };
  readonly #config: EepromConfig;
  readonly #clock: EventClock;
  readonly #random: RandomStream;
  readonly #cells: Cells;
  #isProtected = false;
  #writing: Writing | null = null;
  #plan: PlannedCut | null = null;
  #writesStarted = 0;

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
    this.#cells = new Cells(config, random, image);
  }

  keep(keeper: Keeper): void {
    keeper.idle(this.#writing === null, 'the memory writes');
    // A plan for a write that has begun already is void.
    const isPlanned = this.#plan !== null && this.#plan.write >= this.#writesStarted;
    keeper.idle(!isPlanned, 'a power cut is planned in a write');
    Object.assign(this.counts, keeper.value(this.counts));
    this.#isProtected = keeper.value(this.#isProtected);
    this.#writesStarted = keeper.value(this.#writesStarted);
    this.#cells.keep(keeper);
  }

  get isBusy(): boolean {
    return this.#writing !== null;
  }

  /** The level of the write-protect pin; it keeps what it was last driven to while the supply dies. */
  get isProtected(): boolean {
    return this.#isProtected;
  }

  /** Writes that the part began, lost ones not counted. */
  get writesStarted(): number {
    return this.#writesStarted;
  }

  get lostWrites(): number {
    return this.counts.lostWrites;
  }

  get tornWrites(): number {
    return this.counts.tornWrites;
  }

  /** Bits that are stuck, by wear or by request. */
  get stuckBits(): number {
    return this.#cells.stuckBits;
  }

  /** Writes suffered by the four-byte group that holds `address`. */
  wearAt(address: number): number {
    return this.#cells.wearOf(Math.floor(address / WEAR_GROUP));
  }

  /** Writes suffered by each four-byte group, in order of address. */
  wearMap(): Uint32Array {
    return Uint32Array.from({ length: this.size / WEAR_GROUP }, (_, group) => this.#cells.wearOf(group));
  }

  /** Writes that every group takes without harm. */
  get endurance(): number {
    return this.#config.endurance;
  }

  /** The most worn group's writes. */
  get worstWear(): number {
    return this.#cells.worstWear;
  }

  /** A copy of the cells. */
  image(): Uint8Array {
    return this.#cells.read(0, this.size);
  }

  /** Sticks bits of one byte: those of `mask` read as in `value` from now on, whatever is written. */
  stick(address: number, mask: number, value: number): void {
    assertInteger(address, 0, this.size - 1, 'address');
    assertInteger(mask, 0, 255, 'mask');
    assertInteger(value, 0, 255, 'value');
    this.#cells.stick(address, mask, value);
    this.onCommitted(address, this.#cells.read(address, 1));
  }

  /** The write-protect pin. */
  protect(isOn: boolean): void {
    this.#isProtected = isOn;
  }

  /** What stands in the cells. */
  read(address: number, length: number): Uint8Array {
    assertInteger(address, 0, this.size - 1, 'address');
    assertInteger(length, 0, this.size - address, 'length');
    return this.#cells.read(address, length);
  }

  /** What the bus carries to the MCU: noise among the cells' bits below Vmin. */
  readOnBus(address: number, length: number): Uint8Array {
    const bytes = this.read(address, length);
    return this.volt() < this.#config.lowestVolt ? this.#noisy(bytes) : bytes;
  }

  write(address: number, bytes: Uint8Array, done: () => void): void {
    assertInteger(address, 0, this.size - 1, 'address');
    assertBytes(bytes, bytes.length, 'bytes');
    assertInteger(bytes.length, 1, this.pageSize - (address % this.pageSize), 'bytes.length');
    if (this.#writing !== null) {
      this.counts.lostWrites++;
      return;
    }
    if (this.volt() < this.#config.lowestVolt) {
      this.counts.lowVoltWrites++;
      return;
    }
    const now = this.#clock.now();
    if (this.#isProtected) {
      this.counts.protectedWrites++;
      this.#clock.at(now, done);
      return;
    }
    this.#begin(address, bytes.slice(), now, done);
  }

  /**
   * Plans a power cut in the write with number `write` ({@link writesStarted} counts them from 0): the bytes before `byte` are
   * then new, that byte is random, later ones are old. A `byte` equal to the length leaves the whole write new.
   * @param cut - takes the power away; it must end in {@link powerLost}.
   */
  cutAtByte(write: number, byte: number, cut: () => void): void {
    this.#plan = { write, byte, cut };
  }

  /** The voltage falls through Vmin: a write in progress is torn, and noise on the bus may begin another. */
  powerLost(): void {
    const writing = this.#writing;
    // A planned cut is exact: what it leaves is known to the byte.
    if (writing !== null && this.#tear(writing) === 'as-planned') return;
    if (!this.#isProtected && this.#random.uniform() < this.#config.spuriousWrite) this.writeSpuriously();
  }

  /** A write that nobody asked for: random bytes at a random place. */
  writeSpuriously(): void {
    const address = this.#random.integer(0, this.size - 1);
    const room = this.pageSize - (address % this.pageSize);
    const bytes = new Uint8Array(this.#random.integer(1, room)).map(() => this.#random.integer(0, 255));
    this.counts.spuriousWrites++;
    this.#commit(address, bytes);
  }

  #begin(address: number, bytes: Uint8Array, now: number, done: () => void): void {
    const { writeMicros } = this.#config;
    const event = this.#clock.at(now + writeMicros, () => {
      this.#writing = null;
      this.onBusy(false);
      this.#commit(address, bytes);
      done();
    });
    this.#writing = { address, bytes, event };
    this.onBusy(true);
    const plan = this.#plan;
    if (plan !== null && plan.write === this.#writesStarted) {
      const share = Math.min(1, Math.max(0, (plan.byte + 0.5) / bytes.length));
      // The cut of byte `length` comes one tick before the part would answer: all new, and nobody was told.
      this.#clock.at(now + Math.min(writeMicros - 1, Math.floor(writeMicros * share)), plan.cut);
    }
    this.#writesStarted++;
  }

  #tear({ event, address, bytes }: Writing): 'as-planned' | 'by-chance' {
    this.#writing = null;
    event.cancel();
    this.onBusy(false);
    this.counts.tornWrites++;
    const before = this.#cells.read(address, bytes.length);
    const plan = this.#plan;
    if (plan !== null && plan.write === this.#writesStarted - 1) {
      this.#plan = null;
      const torn = bytes.map((byte, index) => (index < plan.byte ? byte : (before[index] as number)));
      if (plan.byte < torn.length) torn[plan.byte] = this.#random.integer(0, 255);
      this.#commit(address, torn);
      return 'as-planned';
    }
    this.#commit(address, this.#config.tear(before, bytes, this.#random));
    return 'by-chance';
  }

  #commit(address: number, bytes: Uint8Array): void {
    const hasStuck = this.#cells.write(address, bytes);
    this.onCommitted(address, hasStuck ? this.#cells.read(address, bytes.length) : bytes);
  }

  #noisy(bytes: Uint8Array): Uint8Array {
    const { readNoise } = this.#config;
    return bytes.map((byte) => {
      let read = byte;
      for (let bit = 1; bit < 256; bit <<= 1) if (this.#random.uniform() < readNoise) read ^= bit;
      return read;
    });
  }
}
