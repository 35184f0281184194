/**
 * What the firmware sees of the meter's body: the registers, pins and timers an MCU would have, and nothing behind them.
 *
 * Times are integer microseconds of the simulated clock. Energy is integer millijoule (1 mWh = 3,600 mJ). Every callback
 * runs to completion before the next one, like interrupt handlers of one priority; none runs inside a call into this
 * interface.
 */
import type { Keeper } from './keeper.ts';

/** Integer microseconds since the world began. */
export type Micros = number;

export interface Cancellable {
  cancel(): void;
}

/** The MCU's compare timer. */
export interface McuTimer {
  now(): Micros;
  /** Runs once at `time`; a time that has passed runs as soon as the present handler returns. */
  at(time: Micros, run: () => void): Cancellable;
}

/** The battery-backed clock: whole seconds since 1970-01-01 UTC, running also while the mains is off. */
export interface RealTimeClock {
  epochSeconds(): number;
  /** False from the moment when the clock has stopped, rail and battery both gone, until it is set. */
  isValid(): boolean;
  /** Sets the clock and makes it valid; alarms stay armed for what they were armed for. */
  set(epochSeconds: number): void;
  /** One interrupt at the first instant of this second, or as soon as the present handler returns when it has passed. */
  alarmAt(epochSeconds: number, run: () => void): Cancellable;
}

export type WaveChannel = 'voltage' | 'current';

/** The shunt in the line and the transformer in the neutral: they carry the same current unless somebody tampers. */
export type CurrentPath = 'line' | 'neutral';

/**
 * What a level interrupt can watch, all of them registers closed over five cycles: mV, mA, mW (signed), and the share in
 * permille by which the smaller of the two currents falls short of the larger (0 while they differ by less than 100 mA).
 */
export type LevelQuantity = 'voltage' | 'current' | 'neutral-current' | 'power' | 'imbalance';

/** Thresholds of the dip and swell detector, mV (EN 50160: 90 % and 110 % of Un, hysteresis 2 %). */
export interface VoltageThresholds {
  readonly dipMilliVolt: number;
  readonly swellMilliVolt: number;
  /** An event ends when the voltage is back beyond its threshold by this. */
  readonly hysteresisMilliVolt: number;
}

/** The end of a dip or swell; an interruption is a dip with a residual near 0. Times are those of half-cycle ends. */
export interface VoltageEvent {
  readonly kind: 'dip' | 'swell';
  readonly startedAt: Micros;
  /** Null while it lasts. */
  readonly endedAt: Micros | null;
  /** Lowest (dip: the residual) or highest (swell) RMS of a cycle so far, mV. */
  readonly extremeMilliVolt: number;
}

/**
 * A metering chip: sums energy itself, captures zero crossings and the contact's voltage drop when asked. Without interest
 * in a capture or a level it costs nothing.
 */
export interface MeteringChip {
  /** Active import energy since the chip was powered, integer mJ, modulo 2^48. */
  energyMilliJoule(): number;
  /** Active energy fed back since the chip was powered, integer mJ, modulo 2^48; never falls either. */
  exportMilliJoule(): number;
  /** One interrupt when the import register has advanced by `energyMilliJoule` (at least 1) from now. */
  alarmAfter(energyMilliJoule: number, run: () => void): Cancellable;
  /** The same for the export register. */
  exportAlarmAfter(energyMilliJoule: number, run: () => void): Cancellable;
  /** Power below this counts as no load, mW, until a reset: 0.4 of the starting power (meter-hardware.md 2). */
  setNoLoad(milliWatt: number): void;
  /** The current that both energy registers and the power registers are formed with from now on; `line` after a reset. */
  selectCurrent(path: CurrentPath): void;
  voltageMilliVolt(): number;
  /** RMS in the line. */
  currentMilliAmp(): number;
  /** RMS in the neutral. */
  neutralMilliAmp(): number;
  /** Signed active power, mW: below zero while the household feeds the grid. */
  powerMilliWatt(): number;
  /** Signed reactive power, mvar: above zero while the current lags. */
  reactiveMilliVar(): number;
  /** Product of both RMS, mVA. */
  apparentMilliVoltAmp(): number;
  /** 1,000 x |active| / apparent power; below zero while the current leads. 1,000 without current. */
  powerFactorPermille(): number;
  /** Frequency of the voltage, 0 without one. */
  frequencyMilliHertz(): number;
  /** RMS of the last whole cycle, refreshed every half cycle (EN 61000-4-30 calls it Urms(1/2)). */
  halfCycleMilliVolt(): number;
  /**
   * Interrupts at the start and at the end of every dip and swell. One that lasts already when this is called is reported
   * as starting with the next half cycle; one that outlasts the supply is never ended.
   */
  captureVoltageEvents(thresholds: VoltageThresholds, handler: (event: VoltageEvent) => void): Cancellable;
  /**
   * Interrupts when a register closes above `threshold`, and again when it closes below `release` (at most `threshold`).
   * A register that is above at the call is reported at its next close; units as in {@link LevelQuantity}.
   */
  captureLevel(
    quantity: LevelQuantity,
    levels: { readonly threshold: number; readonly release: number },
    handler: (isAbove: boolean) => void,
  ): Cancellable;
  /**
   * Interrupts at every zero crossing of the channel while captured, with the crossing's time interpolated between two
   * samples (µs, not rounded). The current channel reports nothing while its wave is below the noise threshold.
   */
  captureZeroCrossings(channel: WaveChannel, handler: (zeroAt: number) => void): Cancellable;
  /**
   * One interrupt at the first sample whose voltage across the load contact is above 8 V (`parted`), or back below it
   * (`touched`; a touch between two samples is latched). `between` are the times (µs) of that sample and of the last one
   * before it that could tell: the event lies in that interval. Near a voltage zero, without current, an open contact shows
   * nothing, so the interval may span a few samples and a first touch shorter than one may be missed for the next bounce.
   */
  captureContact(
    event: 'parted' | 'touched',
    handler: (between: readonly [Micros, Micros]) => void,
  ): Cancellable;
}

export type SwitchDirection = 'open' | 'close';

/** The two coils of the latching relay. */
export interface RelayDriver {
  /** Drives one coil from now for `widthMicros`. Ignored by the hardware while the other coil is driven. */
  pulse(direction: SwitchDirection, widthMicros: Micros): void;
}

/** A serial EEPROM; reads are immediate, one page write at a time. */
export interface NonVolatileMemory {
  readonly size: number;
  readonly pageSize: number;
  read(address: number, length: number): Uint8Array;
  /** Starts a write inside one page. `done` runs when the part answers again. A write while busy is lost by the part. */
  write(address: number, bytes: Uint8Array, done: () => void): void;
  /**
   * The write-protect pin: while it is asserted a write changes nothing and is answered at once. It keeps its level while the
   * supply dies, when noise on the bus may begin a write that nobody asked for (meter-hardware.md 4). A part without the pin
   * has no such call.
   */
  protect?(isOn: boolean): void;
}

/** What the glass shows: up to 16 characters and the icons that are lit. */
export interface DisplayGlass {
  show(text: string, icons: readonly DisplayIcon[]): void;
  /**
   * From now on the glass fetches its picture whenever somebody looks at it, as a display controller reads the program's memory
   * at its own frame rate; so a figure that runs costs nothing. `picture` changes nothing and replaces what {@link show} wrote.
   */
  draw(picture: () => GlassPicture): void;
}

export interface GlassPicture {
  readonly text: string;
  readonly icons: readonly DisplayIcon[];
}

export type DisplayIcon =
  | 'connected'
  | 'disconnected'
  | 'low-credit'
  | 'no-credit'
  | 'busy'
  | 'accepted'
  | 'rejected'
  | 'locked'
  /** The raised hand: a tamper is latched. */
  | 'tamper'
  /** The lamp beside the glass flashes for low credit. */
  | 'low-credit-lamp'
  | 'negative-credit'
  | 'emergency'
  /** F: a friendly window keeps the supply on. */
  | 'friendly'
  /** A key press closes the relay. */
  | 'ready';

export type Beep = 'key' | 'accept' | 'reject' | 'low-credit';

/** Why the MCU starts: its RAM was without power, its voltage dipped below the brown-out level, or its program hung. */
export type ResetReason = 'power-on' | 'brown-out' | 'watchdog';

export interface MeterHardware {
  readonly resetReason: ResetReason;
  readonly timer: McuTimer;
  readonly rtc: RealTimeClock;
  readonly metering: MeteringChip;
  readonly relay: RelayDriver;
  readonly memory: NonVolatileMemory;
  readonly display: DisplayGlass;
  readonly covers: CoverSwitches;
  readonly hall: HallSensor;
  readonly keypad: KeypadScanner;
  readonly comms: CommsPort;
  readonly loadSide: LoadSideSense;
  readonly thermometer: Thermometer;
  beep(kind: Beep): void;
}

/** The battery-backed cover switches; debounced by the firmware (meter-hardware.md 5). */
export interface CoverSwitches {
  isOpen(cover: Cover): boolean;
  /**
   * The battery-fed latch beside the switch: whether the cover has stood open for longer than the latch's filter since
   * {@link forgetOpened}, also while there was no mains.
   */
  wasOpened(cover: Cover): boolean;
  /** Clears the latch, unless the cover stands open: for when what it told is durable elsewhere. */
  forgetOpened(cover: Cover): void;
  /** One interrupt at every change of either switch, bounces included. */
  onChange(run: (cover: Cover) => void): Cancellable;
}

export type Cover = 'meter' | 'terminal';

/** A 3-axis Hall sensor, whole µT; the earth's field is 25 to 65. */
export interface HallSensor {
  microTesla(): readonly [x: number, y: number, z: number];
  /** The held peak of the field's magnitude, whole µT: what an AC magnet swings to. */
  peakMicroTesla(): number;
  /**
   * The part's own comparator over that peak: one interrupt when it reaches `operate` and one when it falls to `release` (µT,
   * below `operate`); a field that stands already when it is armed raises the first at once.
   */
  onField(operate: number, release: number, run: (isStrong: boolean) => void): Cancellable;
}

/** The part that scans and debounces the keys. A key that never comes up is left out, so that the others work again. */
export interface KeypadScanner {
  stuckKeys(): readonly KeypadKey[];
  onStuck(run: (key: KeypadKey) => void): Cancellable;
}

/** RMS behind the load contact, where a bypass or a generator shows while the relay is open (meter-hardware.md 5). */
export interface LoadSideSense {
  milliVolt(): number;
  /** One interrupt at every change between a dead and a live load side (comparator at 50 V). */
  onLive(run: (isLive: boolean) => void): Cancellable;
}

export interface Thermometer {
  /** Inside the case, whole tenths of a degree Celsius. */
  deciCelsius(): number;
}

/** The serial line to the communications module; bytes arrive in order and may be torn by a module that is pulled out. */
export interface CommsPort {
  isPlugged(): boolean;
  /** The presence contact: one interrupt when a module is plugged in and one when it is pulled out. */
  onPlug(run: (isPlugged: boolean) => void): Cancellable;
  send(bytes: Uint8Array): void;
  onReceive(run: (bytes: Uint8Array) => void): Cancellable;
}

/** What the hardware calls in the firmware; the world makes one firmware per power-up and drops it at brown-out. */
export interface FirmwarePorts {
  /** First call after reset. */
  boot(): void;
  /** `'0'`–`'9'`, `'backspace'`, `'enter'`. */
  keyPressed(key: KeypadKey): void;
  /** The power-fail comparator: from now on only the hold-up capacitor feeds the MCU. */
  powerFailing(): void;
  /**
   * What the RAM holds and what is armed, for a simulator that puts the meter away and takes it up again; a program that has
   * just been made and was never booted is given it. Without it the meter cannot be put away while it runs.
   */
  keep?(keeper: Keeper): void;
}

export type KeypadKey = '0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9' | 'backspace' | 'enter';
