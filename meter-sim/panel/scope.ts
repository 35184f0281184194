/**
 * The oscilloscope on a live meter: samples of voltage, current, coil and contact around every switching, and of the rail and the
 * saving while the supply sinks. It only reads; nothing in the meter knows that it is there.
 */
import type { SwitchDirection } from '../firmware/hardware-interface.ts';
import type { SwitchAim } from '../firmware/load-switch.ts';
import type { MeterWorld } from '../world/meter-world.ts';

/** One column for each quantity, of one length. */
export interface SwitchingTrace {
  readonly number: number;
  readonly direction: SwitchDirection;
  readonly atMicros: readonly number[];
  readonly volt: readonly number[];
  readonly amp: readonly number[];
  /** Whether the coil is driven, and whether the contact touches. */
  readonly coil: readonly boolean[];
  readonly contact: readonly boolean[];
  readonly firedAtMicros: number;
  /** What the firmware predicted; null when it switched without a zero. */
  readonly predictedZeroAtMicros: number | null;
  readonly expectedAtMicros: number | null;
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
}

/** 4,096 samples a second, as the chip takes them. */
const SAMPLE_MICROS = 244;
/** From the pulse: the longest delay, the bounces, and some cycles after. */
const SWITCHING_MICROS = 60_000;
const RAIL_SAMPLE_MICROS = 500;
/** The largest capacitor is empty long before. */
const SUPPLY_MICROS = 1_000_000;
const KEPT = 20;

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
  #isWatchingSupply = false;

  /** @param aim - what the firmware's last pulse aimed at. */
  constructor(world: MeterWorld, aim: () => SwitchAim | undefined) {
    this.#world = world;
    this.#aim = aim;
  }

  /** The last traces, oldest first. */
  get switchings(): readonly SwitchingTrace[] {
    return this.#switchings;
  }

  get supplies(): readonly SupplyTrace[] {
    return this.#supplies;
  }

  /** The firmware drives a coil from now. */
  pulsed(direction: SwitchDirection, widthMicros: number): void {
    const firedAtMicros = this.#world.now();
    const operations = this.#world.relay.log.length;
    const columns: Pick<Mutable<SwitchingTrace>, 'atMicros' | 'volt' | 'amp' | 'coil' | 'contact'> = {
      atMicros: [],
      volt: [],
      amp: [],
      coil: [],
      contact: [],
    };
    const look = (): void => {
      const now = this.#world.now();
      columns.atMicros.push(now);
      columns.volt.push(this.#world.voltageVolt());
      columns.amp.push(this.#world.currentAmp());
      columns.coil.push(now < firedAtMicros + widthMicros && this.#world.powered);
      columns.contact.push(this.#world.conducts);
    };
    const finished = (): void => this.#finish(direction, firedAtMicros, operations, columns);
    this.#sample(SAMPLE_MICROS, firedAtMicros + SWITCHING_MICROS, look, finished);
  }

  /** The mains went: the rail is followed until it is empty or stands again. */
  sinking(): void {
    if (this.#isWatchingSupply) return;
    this.#isWatchingSupply = true;
    const world = this.#world;
    const before = world.eeprom.writesStarted;
    const trace: Mutable<SupplyTrace> = {
      number: ++this.#count,
      atMicros: [],
      railVolt: [],
      state: [],
      writes: [],
      isWriting: [],
    };
    const isOver = (): boolean =>
      trace.atMicros.length > 4 && (world.supplyState === 'off' || world.supplyState === 'on');
    const look = (): void => {
      trace.atMicros.push(world.now());
      trace.railVolt.push(world.railVolt());
      trace.state.push(world.supplyState);
      trace.writes.push(world.eeprom.writesStarted - before);
      trace.isWriting.push(world.eeprom.isBusy);
    };
    const finished = (): void => {
      this.#isWatchingSupply = false;
      this.#supplies = [...this.#supplies.slice(1 - KEPT), trace];
      this.onSupply(trace);
    };
    this.#sample(RAIL_SAMPLE_MICROS, world.now() + SUPPLY_MICROS, look, finished, isOver);
  }

  #finish(
    direction: SwitchDirection,
    firedAtMicros: number,
    operations: number,
    columns: Pick<SwitchingTrace, 'atMicros' | 'volt' | 'amp' | 'coil' | 'contact'>,
  ): void {
    const moved = this.#world.relay.log[operations];
    const aim = this.#aim();
    const isOurs = aim?.firedAt === firedAtMicros;
    const trace: SwitchingTrace = {
      number: ++this.#count,
      direction,
      ...columns,
      firedAtMicros,
      predictedZeroAtMicros: isOurs ? aim.zeroAt : null,
      expectedAtMicros: isOurs ? aim.expectedAt : null,
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
    step: number,
    end: number,
    look: () => void,
    finished: () => void,
    isOver: () => boolean = () => false,
  ): void {
    const next = (): void => {
      look();
      const time = this.#world.now() + step;
      if (time > end || isOver()) finished();
      else this.#world.at(time, next);
    };
    this.#world.at(this.#world.now(), next);
  }
}
