/**
 * The battery-backed clock (meter-hardware.md 6): a 32 kHz crystal with the unit's own rate and the parabola of its
 * temperature, fed by the rail or by a battery that ends. A clock that stopped says so until it is set.
 *
 * Whole seconds go out; inside, the clock's own microseconds follow the world's by a rate in parts per 10^9.
 */
import { assertInteger } from '../../lib/assert.ts';
import type { Cancellable, RealTimeClock } from '../firmware/hardware-interface.ts';
import type { Keeper } from '../firmware/keeper.ts';
import type { EventClock, ScheduledEvent } from '../world/event-clock.ts';
import type { RandomStream } from '../world/random.ts';

export interface RtcConfig {
  /** Half the width of the uniform spread of the unit's rate at the turnover temperature, ppm. */
  readonly spreadPpm: number;
  /** The rate itself, ppm, fast above zero; by chance within the spread when left out. */
  readonly ratePpm?: number;
  /** A tuning-fork crystal runs slower on both sides of this temperature, by the square of the distance. */
  readonly turnoverCelsius: number;
  readonly ppmPerSquareCelsius: number;
  /** How long a new battery feeds the clock alone, and how long it lives where nothing is drawn, µs (assumed: 5 and 15 years). */
  readonly batteryMicros: number;
  readonly shelfMicros: number;
  /** What a clock shows that starts after it had stopped: 2000-01-01. */
  readonly resetEpochSeconds: number;
}

const YEAR_MICROS = 365.25 * 86_400e6;

/** Calibrated: below 0.5 s a day, which are 5.8 ppm. */
export const DEFAULT_RTC: RtcConfig = {
  spreadPpm: 5,
  turnoverCelsius: 25,
  ppmPerSquareCelsius: -0.034,
  batteryMicros: 5 * YEAR_MICROS,
  shelfMicros: 15 * YEAR_MICROS,
  resetEpochSeconds: 946_684_800,
};

/** As the crystal comes: below 2 s a day at 25 °C, which are 23 ppm. */
export const RAW_RTC: RtcConfig = { ...DEFAULT_RTC, spreadPpm: 20 };

/** No error of its own. */
export const IDEAL_RTC: RtcConfig = { ...DEFAULT_RTC, spreadPpm: 0, ppmPerSquareCelsius: 0 };

/** Later than any meter will live: the year 9999. */
const LATEST_EPOCH_SECONDS = 253_402_300_799;

class Alarm implements Cancellable {
  ownMicros: number;
  readonly run: () => void;
  event: ScheduledEvent | null = null;
  readonly #alarms: Set<Alarm>;

  constructor(alarms: Set<Alarm>, ownMicros: number, run: () => void) {
    this.#alarms = alarms;
    this.ownMicros = ownMicros;
    this.run = run;
  }

  cancel(): void {
    this.event?.cancel();
    this.#alarms.delete(this);
  }

  ring(): void {
    this.#alarms.delete(this);
    this.run();
  }
}

export class SimulatedRtc implements RealTimeClock {
  readonly #clock: EventClock;
  readonly #config: RtcConfig;
  readonly #unitPpm: number;
  readonly #alarms = new Set<Alarm>();
  #celsius: number;
  #partsPerBillion = 0;
  /** The clock's own time, µs, at the world's time `#since`. */
  #own: number;
  #since = 0;
  #isValid = true;
  #isStopped = false;
  /** World's time when the rail went down; undefined while it stands. */
  #railLostAt: number | undefined;
  #batteryFittedAt = 0;
  #batteryUsed = 0;
  #hasBattery = true;

  /** @param epochSeconds - what the clock shows when the world begins. */
  constructor(clock: EventClock, random: RandomStream, config: RtcConfig, epochSeconds: number) {
    assertInteger(epochSeconds, 0, LATEST_EPOCH_SECONDS, 'rtcEpochSeconds');
    this.#clock = clock;
    this.#config = config;
    this.#unitPpm = config.ratePpm ?? (2 * random.uniform() - 1) * config.spreadPpm;
    this.#celsius = config.turnoverCelsius;
    this.#own = epochSeconds * 1e6;
    this.#since = clock.now();
    this.#railLostAt = clock.now();
    this.#setRate();
  }

  epochSeconds(): number {
    this.#drain();
    return Math.floor(this.#ownAt(this.#clock.now()) / 1e6);
  }

  isValid(): boolean {
    this.#drain();
    return this.#isValid;
  }

  set(epochSeconds: number): void {
    assertInteger(epochSeconds, 0, LATEST_EPOCH_SECONDS, 'epochSeconds');
    this.#drain();
    this.#own = epochSeconds * 1e6;
    this.#since = this.#clock.now();
    this.#isValid = true;
    this.#planAlarms();
  }

  alarmAt(epochSeconds: number, run: () => void): Cancellable {
    assertInteger(epochSeconds, 0, LATEST_EPOCH_SECONDS, 'epochSeconds');
    const alarm = new Alarm(this.#alarms, epochSeconds * 1e6, run);
    this.#alarms.add(alarm);
    this.#plan(alarm);
    return alarm;
  }

  /** How fast the clock runs now, ppm. */
  get ratePpm(): number {
    return this.#partsPerBillion / 1000;
  }

  setCelsius(celsius: number): void {
    this.#drain();
    this.#celsius = celsius;
    this.#own = this.#ownAt(this.#clock.now());
    this.#since = this.#clock.now();
    this.#setRate();
    this.#planAlarms();
  }

  /** The rail feeds the clock again. */
  railUp(): void {
    this.#drain();
    this.#railLostAt = undefined;
    if (!this.#isStopped) return;
    this.#isStopped = false;
    this.#own = this.#config.resetEpochSeconds * 1e6;
    this.#since = this.#clock.now();
  }

  /** The rail is gone. */
  railDown(): void {
    this.#railLostAt = this.#clock.now();
  }

  /** The MCU stopped: no alarm outlives it, for nobody would hear it. */
  powerLost(): void {
    for (const alarm of this.#alarms) alarm.event?.cancel();
    this.#alarms.clear();
  }

  removeBattery(): void {
    this.#drain();
    this.#hasBattery = false;
    this.#drain();
  }

  fitBattery(): void {
    this.#drain();
    this.#hasBattery = true;
    this.#batteryFittedAt = this.#clock.now();
    this.#batteryUsed = 0;
  }

  keep(keeper: Keeper): void {
    this.#celsius = keeper.value(this.#celsius);
    this.#partsPerBillion = keeper.value(this.#partsPerBillion);
    this.#own = keeper.value(this.#own);
    this.#since = keeper.value(this.#since);
    this.#isValid = keeper.value(this.#isValid);
    this.#isStopped = keeper.value(this.#isStopped);
    this.#railLostAt = keeper.value(this.#railLostAt);
    this.#batteryFittedAt = keeper.value(this.#batteryFittedAt);
    this.#batteryUsed = keeper.value(this.#batteryUsed);
    this.#hasBattery = keeper.value(this.#hasBattery);
    const alarms = keeper.order(this.#alarms);
    this.#alarms.clear();
    for (const alarm of alarms) {
      alarm.ownMicros = keeper.value(alarm.ownMicros);
      alarm.event = this.#clock.keepEvent(keeper, alarm.event, () => alarm.ring());
      this.#alarms.add(alarm);
    }
  }

  #setRate(): void {
    const { turnoverCelsius, ppmPerSquareCelsius } = this.#config;
    const away = this.#celsius - turnoverCelsius;
    this.#partsPerBillion = Math.round(1000 * (this.#unitPpm + ppmPerSquareCelsius * away * away));
  }

  #ownAt(time: number): number {
    if (this.#isStopped) return this.#config.resetEpochSeconds * 1e6;
    const elapsed = time - this.#since;
    return this.#own + elapsed + Math.floor((elapsed * this.#partsPerBillion) / 1e9);
  }

  /** Takes from the battery what the clock has drawn from it, and stops the clock where it ended. */
  #drain(): void {
    const now = this.#clock.now();
    if (this.#railLostAt === undefined || this.#isStopped) return;
    const { batteryMicros, shelfMicros } = this.#config;
    this.#batteryUsed += now - this.#railLostAt;
    this.#railLostAt = now;
    const lives =
      this.#hasBattery && this.#batteryUsed <= batteryMicros && now - this.#batteryFittedAt <= shelfMicros;
    if (lives) return;
    this.#isStopped = true;
    this.#isValid = false;
  }

  #planAlarms(): void {
    for (const alarm of this.#alarms) this.#plan(alarm);
  }

  #plan(alarm: Alarm): void {
    alarm.event?.cancel();
    alarm.event = this.#clock.at(this.#whenOwnIs(alarm.ownMicros), () => alarm.ring());
  }

  /** The first world's microsecond at which the clock shows `own`; now if it has passed. */
  #whenOwnIs(own: number): number {
    const now = this.#clock.now();
    let time = Math.ceil(this.#since + (own - this.#own) / (1 + this.#partsPerBillion / 1e9));
    while (this.#ownAt(time) < own) time += 1;
    while (this.#ownAt(time - 1) >= own) time -= 1;
    return Math.max(now, time);
  }
}
