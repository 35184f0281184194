/**
 * The oscilloscope on a live meter: samples of voltage, current, coil and contact around every switching, and of the rail and the
 * saving while the supply sinks. It only reads; nothing in the meter knows that it is there.
 */
import type { SwitchDirection } from '../firmware/hardware-interface.ts';
import type { SwitchAim } from '../firmware/load-switch.ts';
import type { RailLevels } from '../hardware/supply.ts';
import type { MeterWorld } from '../world/meter-world.ts';
import { milli } from './milli.ts';

/** What is sampled around a switching, one column for each quantity, of one length. */
export interface Columns {
  readonly atMicros: readonly number[];
  readonly volt: readonly number[];
  readonly amp: readonly number[];
  /** Whether the coil is driven, whether the contact touches, and whether an arc burns in its gap. */
  readonly coil: readonly boolean[];
  readonly contact: readonly boolean[];
  readonly arc: readonly boolean[];
}

export interface SwitchingTrace extends Columns {
  readonly number: number;
  readonly direction: SwitchDirection;
  readonly firedAtMicros: number;
  /** What the firmware predicted; null when it switched without a zero. */
  readonly predictedZeroAtMicros: number | null;
  readonly expectedAtMicros: number | null;
  /** Of the delay, as the firmware reckoned then: its lead before the zero is so many of them. */
  readonly deviationMicros: number | null;
  /** When the contact truly parted or touched, the true zeros around that, and the arc; null when it did not move. */
  readonly movedAtMicros: number | null;
  readonly zeroBeforeMicros: number | null;
  readonly zeroAfterMicros: number | null;
  readonly fromZeroMicros: number | null;
  readonly arcMilliJoule: number | null;
}

export interface SupplyTrace {
  readonly number: number;
  readonly atMicros: readonly number[];
  readonly railVolt: readonly number[];
  readonly state: readonly string[];
  /** EEPROM writes begun since the supply began to sink, and whether one is in work. */
  readonly writes: readonly number[];
  readonly isWriting: readonly boolean[];
  /** The same writes each with its page and its time; the first may have begun before the mains went. */
  readonly saves: readonly SavedPage[];
  readonly railLevels: RailLevels;
}

export interface SavedPage {
  readonly page: number;
  readonly beganAtMicros: number;
  readonly endedAtMicros: number;
  /** Whether the supply ended in it. */
  readonly isTorn: boolean;
}

/** How often the contact moved how far from a zero, by direction: bins of one width from `firstMicros` on. */
export interface Distances {
  readonly binMicros: number;
  readonly firstMicros: number;
  readonly open: readonly number[];
  readonly close: readonly number[];
}

/** 4,096 samples a second, as the chip takes them. */
export const SAMPLE_MICROS = 244;
/** And four times as many around the moment at which the contact is expected to move. */
const FINE_SAMPLE_MICROS = 61;
const FINE_BEFORE_MICROS = 1_000;
/** Bounces are over by then. */
const FINE_AFTER_MICROS = 4_000;
/** From the pulse: the longest delay, the bounces, and some cycles after. */
const SWITCHING_MICROS = 60_000;
const RAIL_SAMPLE_MICROS = 250;
/** The largest capacitor is empty long before. */
const SUPPLY_MICROS = 1_000_000;
const KEPT = 20;
const BIN_MICROS = 100;
/** A half cycle at 45 Hz is 11,111 µs: no movement is farther than half of that from a zero. */
const BINS = 112;
const FIRST_MICROS = (-BINS / 2) * BIN_MICROS;

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] extends readonly (infer Item)[] ? Item[] : T[Key] };

export class Scope {
  /** Told of every trace when it is whole. */
  onSwitching: (trace: SwitchingTrace) => void = () => {};
  onSupply: (trace: SupplyTrace) => void = () => {};
  readonly #world: MeterWorld;
  readonly #aim: () => SwitchAim | undefined;
  #switchings: SwitchingTrace[] = [];
  #supplies: SupplyTrace[] = [];
  #count = 0;
  /** The saves of the supply that sinks now. */
  #saves: SavedPage[] | undefined;
  #write: { readonly beganAtMicros: number; readonly tornBefore: number } | undefined;

  /** @param aim - what the firmware's last pulse aimed at. */
  constructor(world: MeterWorld, aim: () => SwitchAim | undefined) {
    this.#world = world;
    this.#aim = aim;
    const { eeprom } = world;
    const draw = eeprom.onBusy;
    eeprom.onBusy = (isBusy) => {
      draw(isBusy);
      if (isBusy) this.#write = { beganAtMicros: world.now(), tornBefore: eeprom.tornWrites };
    };
  }

  /** The last traces, oldest first. */
  get switchings(): readonly SwitchingTrace[] {
    return this.#switchings;
  }

  get supplies(): readonly SupplyTrace[] {
    return this.#supplies;
  }

  /** Of every operation so far. */
  distances(): Distances {
    const open = new Array<number>(BINS).fill(0);
    const close = new Array<number>(BINS).fill(0);
    for (const { direction, distanceMicros } of this.#world.relay.log) {
      if (distanceMicros === null) continue;
      const counts = direction === 'open' ? open : close;
      const bin = Math.floor((distanceMicros - FIRST_MICROS) / BIN_MICROS);
      const near = Math.min(BINS - 1, Math.max(0, bin));
      counts[near] = (counts[near] as number) + 1;
    }
    return { binMicros: BIN_MICROS, firstMicros: FIRST_MICROS, open, close };
  }

  /** The firmware drives a coil from now. */
  pulsed(direction: SwitchDirection, widthMicros: number): void {
    const firedAtMicros = this.#world.now();
    const operations = this.#world.relay.log.length;
    const last = this.#aim();
    const aim = last?.firedAt === firedAtMicros ? last : undefined;
    const columns: Mutable<Columns> = { atMicros: [], volt: [], amp: [], coil: [], contact: [], arc: [] };
    const look = (): void => {
      const now = this.#world.now();
      const { contact } = this.#world.relay;
      columns.atMicros.push(now);
      columns.volt.push(milli(this.#world.voltageVolt()));
      columns.amp.push(milli(this.#world.currentAmp()));
      columns.coil.push(now < firedAtMicros + widthMicros && this.#world.powered);
      columns.contact.push(contact === 'closed');
      columns.arc.push(contact === 'arcing');
    };
    const step = (): number => {
      const late = this.#world.now() - (aim?.expectedAt ?? Number.NEGATIVE_INFINITY);
      return late > -FINE_BEFORE_MICROS && late < FINE_AFTER_MICROS ? FINE_SAMPLE_MICROS : SAMPLE_MICROS;
    };
    const finished = (): void => this.#finish(direction, firedAtMicros, operations, columns, aim);
    this.#sample(step, firedAtMicros + SWITCHING_MICROS, look, finished);
  }

  /** The mains went: the rail is followed until it is empty or stands again. */
  sinking(): void {
    if (this.#saves !== undefined) return;
    const saves: SavedPage[] = [];
    this.#saves = saves;
    const world = this.#world;
    const { railLevels } = world;
    const before = world.eeprom.writesStarted;
    const trace: Mutable<SupplyTrace> = {
      number: ++this.#count,
      atMicros: [],
      railVolt: [],
      state: [],
      writes: [],
      isWriting: [],
      saves,
      railLevels,
    };
    const isOver = (): boolean => {
      if (trace.atMicros.length <= 4) return false;
      const isEmpty = world.supplyState === 'off' && world.railVolt() <= railLevels.ramVolt;
      return isEmpty || world.supplyState === 'on';
    };
    const look = (): void => {
      trace.atMicros.push(world.now());
      trace.railVolt.push(milli(world.railVolt()));
      trace.state.push(world.supplyState);
      trace.writes.push(world.eeprom.writesStarted - before);
      trace.isWriting.push(world.eeprom.isBusy);
    };
    const finished = (): void => {
      this.#saves = undefined;
      this.#supplies = [...this.#supplies.slice(1 - KEPT), trace];
      this.onSupply(trace);
    };
    this.#sample(() => RAIL_SAMPLE_MICROS, world.now() + SUPPLY_MICROS, look, finished, isOver);
  }

  /** The EEPROM has changed a page, or a part of it as it lost its supply. */
  committed(address: number): void {
    const { eeprom } = this.#world;
    const write = this.#write;
    this.#write = undefined;
    if (write === undefined) return;
    this.#saves?.push({
      page: Math.floor(address / eeprom.pageSize),
      beganAtMicros: write.beganAtMicros,
      endedAtMicros: this.#world.now(),
      isTorn: eeprom.tornWrites > write.tornBefore,
    });
  }

  #finish(
    direction: SwitchDirection,
    firedAtMicros: number,
    operations: number,
    columns: Columns,
    aim: SwitchAim | undefined,
  ): void {
    const moved = this.#world.relay.log[operations];
    const trace: SwitchingTrace = {
      number: ++this.#count,
      direction,
      ...columns,
      firedAtMicros,
      predictedZeroAtMicros: aim?.zeroAt ?? null,
      expectedAtMicros: aim?.expectedAt ?? null,
      deviationMicros: aim?.deviationMicros ?? null,
      movedAtMicros: moved?.movedAt ?? null,
      zeroBeforeMicros: moved?.zeroBefore ?? null,
      zeroAfterMicros: moved?.zeroAfter ?? null,
      fromZeroMicros: moved?.distanceMicros ?? null,
      arcMilliJoule: moved === undefined ? null : moved.arcJoule * 1_000,
    };
    this.#switchings = [...this.#switchings.slice(1 - KEPT), trace];
    this.onSwitching(trace);
  }

  /** Looks now and every `step` until `end`, or until it is over; `finished` runs in the simulated time of the last look. */
  #sample(
    step: () => number,
    end: number,
    look: () => void,
    finished: () => void,
    isOver: () => boolean = () => false,
  ): void {
    const next = (): void => {
      look();
      const time = this.#world.now() + step();
      if (time > end || isOver()) finished();
      else this.#world.at(time, next);
    };
    this.#world.at(this.#world.now(), next);
  }
}
