/**
 * The capacitor behind the rectifier and what hangs on it, in closed form between two changes (meter-hardware.md 4):
 *
 *     constant current  V(t) = V1 - I t / C               a linear regulator: what it takes does not depend on its input
 *     constant power    V(t) = sqrt(V1^2 - 2 P t / C)     a switching regulator: it takes more as its input falls
 *
 * A source above the rail's voltage charges it with what its current limit leaves after the load. Volts, amperes, watts and
 * farads are floats; times are µs of the simulated clock. Who decides what the voltage means is `supply.ts`.
 */
import type { Keeper } from '../firmware/keeper.ts';

export type Discharge = 'constant-current' | 'constant-power';

export interface RailConfig {
  /** Voltage that the source holds at nominal mains, V. */
  readonly railVolt: number;
  /** Current limit of the source, A. */
  readonly sourceAmp: number;
  /** The capacitor when new, F, and the share of it that age has taken, 0 to 0.9 (0.4 is the end of its life). */
  readonly capacitorFarad: number;
  readonly ageing: number;
  readonly discharge: Discharge;
  /** Of a regulator of constant power. */
  readonly efficiency: number;
}

export class Rail {
  readonly #config: RailConfig;
  readonly #farad: number;
  #volt = 0;
  #at = 0;
  #sourceVolt = 0;
  #watt = 0;

  constructor(config: RailConfig) {
    this.#config = config;
    this.#farad = config.capacitorFarad * (1 - config.ageing);
  }

  keep(keeper: Keeper): void {
    this.#volt = keeper.value(this.#volt);
    this.#at = keeper.value(this.#at);
    this.#sourceVolt = keeper.value(this.#sourceVolt);
    this.#watt = keeper.value(this.#watt);
  }

  /** The load's power at the rail's nominal voltage, W. */
  get watt(): number {
    return this.#watt;
  }

  /** Whether it stays where it is until the source or the load changes. */
  get isHeld(): boolean {
    return this.#volt === this.#sourceVolt && (this.#volt === 0 || this.#loadAmp() <= this.#config.sourceAmp);
  }

  /** Voltage at `time`, which is not before the last change. */
  voltAt(time: number): number {
    const seconds = (time - this.#at) * 1e-6;
    if (this.isHeld || seconds <= 0) return this.#volt;
    const falling = this.#slope();
    if (falling > 0) return Math.max(this.#floor(), this.#fallen(seconds));
    return Math.min(this.#sourceVolt, this.#volt - falling * seconds);
  }

  /** @returns the first whole µs at which the voltage has come to `volt`, or had; undefined when it never does by itself. */
  timeOf(volt: number): number | undefined {
    if (this.isHeld) return undefined;
    const falling = this.#slope();
    if (falling > 0 ? volt >= this.#volt : volt <= this.#volt) return this.#at;
    if (falling > 0 ? volt < this.#floor() : volt > this.#sourceVolt) return undefined;
    const seconds = falling > 0 ? this.#secondsToFall(volt) : (this.#volt - volt) / falling;
    return Number.isFinite(seconds) ? this.#at + Math.ceil(seconds * 1e6 - 1e-6) : undefined;
  }

  setSource(volt: number, now: number): void {
    this.#settle(now);
    this.#sourceVolt = volt;
  }

  setLoad(watt: number, now: number): void {
    this.#settle(now);
    this.#watt = watt;
  }

  /** Short-circuits the capacitor. */
  empty(now: number): void {
    this.#volt = 0;
    this.#at = now;
  }

  #settle(now: number): void {
    this.#volt = this.voltAt(now);
    this.#at = now;
  }

  /** V/s, above zero while it falls; exact for constant current, and while charging taken at the nominal voltage. */
  #slope(): number {
    const { sourceAmp } = this.#config;
    const loadAmp = this.#loadAmp();
    const amp = this.#sourceVolt >= this.#volt && this.#sourceVolt > 0 ? loadAmp - sourceAmp : loadAmp;
    return amp / this.#farad;
  }

  #loadAmp(): number {
    return this.#watt / this.#config.railVolt;
  }

  /** How far it can fall: to the source, if that carries the load. */
  #floor(): number {
    const isBelow = this.#sourceVolt < this.#volt;
    return isBelow && this.#loadAmp() <= this.#config.sourceAmp ? this.#sourceVolt : 0;
  }

  #fallen(seconds: number): number {
    if (this.#config.discharge === 'constant-current') return this.#volt - this.#slope() * seconds;
    return Math.sqrt(Math.max(0, this.#volt ** 2 - (2 * this.#power() * seconds) / this.#farad));
  }

  #secondsToFall(volt: number): number {
    if (this.#config.discharge === 'constant-current') return (this.#volt - volt) / this.#slope();
    return (this.#farad * (this.#volt ** 2 - volt ** 2)) / (2 * this.#power());
  }

  #power(): number {
    return this.#slope() * this.#farad * (this.#config.railVolt / this.#config.efficiency);
  }
}

/** The load, W at the rail's nominal voltage, that discharges a new capacitor from there to `toVolt` in `micros`. */
export function wattToFall(config: RailConfig, toVolt: number, micros: number): number {
  const { railVolt, capacitorFarad, discharge, efficiency } = config;
  const seconds = micros * 1e-6;
  return discharge === 'constant-current'
    ? (railVolt * capacitorFarad * (railVolt - toVolt)) / seconds
    : (efficiency * capacitorFarad * (railVolt ** 2 - toVolt ** 2)) / (2 * seconds);
}
