/**
 * The calibrated light (meter-hardware.md 2): the chip drives it, so no firmware can lie with it. A pulse stands for each
 * thousandth of a kWh that a register has counted, either way; below the starting current the light is steady.
 *
 * Pulses follow from the registers alone: nothing runs while nobody watches. Who watches is told at most one pulse of jitter
 * late, which is what an integer register costs.
 */
import type { Cancellable } from '../firmware/hardware-interface.ts';
import type { Keeper } from '../firmware/keeper.ts';

export interface PulseLedConfig {
  readonly impulsesPerKwh: number;
  readonly widthMicros: number;
}

export const DEFAULT_PULSE_LED: PulseLedConfig = { impulsesPerKwh: 1000, widthMicros: 40_000 };

/** What the light sees of the chip. */
export interface PulseSource {
  readonly isPowered: boolean;
  /** Whether there is more than the no-load cut, either way. */
  readonly isCounting: boolean;
  energyMilliJoule(): number;
  exportMilliJoule(): number;
  powerMilliWatt(): number;
  alarmAfter(energyMilliJoule: number, run: () => void): Cancellable;
  exportAlarmAfter(energyMilliJoule: number, run: () => void): Cancellable;
}

const MILLI_JOULE_PER_KWH = 3_600_000_000;

export class PulseLed {
  readonly #source: PulseSource;
  readonly #config: PulseLedConfig;
  readonly #watches = new Set<() => void>();
  #armed: Cancellable[] = [];

  constructor(source: PulseSource, config: PulseLedConfig) {
    this.#source = source;
    this.#config = config;
  }

  keep(keeper: Keeper): void {
    keeper.idle(this.#watches.size === 0, 'somebody watches the light');
  }

  /** Energy of one pulse, mJ. */
  get pulseMilliJoule(): number {
    return Math.round(MILLI_JOULE_PER_KWH / this.#config.impulsesPerKwh);
  }

  /** Pulses since the chip was powered. */
  pulses(): number {
    const { pulseMilliJoule } = this;
    const imported = Math.floor(this.#source.energyMilliJoule() / pulseMilliJoule);
    return imported + Math.floor(this.#source.exportMilliJoule() / pulseMilliJoule);
  }

  get impulsesPerKwh(): number {
    return this.#config.impulsesPerKwh;
  }

  /** {@link pulses}, and how much of the next one has been counted: a pulse is where this becomes a whole number. */
  phase(): number {
    const source = this.#source;
    const register = source.powerMilliWatt() < 0 ? source.exportMilliJoule() : source.energyMilliJoule();
    return this.pulses() + (register % this.pulseMilliJoule) / this.pulseMilliJoule;
  }

  /** What the light does: `pulsing` has it lit for a part of the time, see {@link isLit}. */
  state(): 'dark' | 'steady' | 'pulsing' {
    if (!this.#source.isPowered) return 'dark';
    return this.#source.isCounting ? 'pulsing' : 'steady';
  }

  /** Whether it is lit now; the moment of the last pulse is reckoned back from the present power. */
  isLit(): boolean {
    const state = this.state();
    if (state !== 'pulsing') return state === 'steady';
    const power = this.#source.powerMilliWatt();
    const register = power < 0 ? this.#source.exportMilliJoule() : this.#source.energyMilliJoule();
    const since = register % this.pulseMilliJoule;
    return register >= this.pulseMilliJoule && since * 1e6 < Math.abs(power) * this.#config.widthMicros;
  }

  /** `onPulse` runs as an event at the start of every pulse, while watched; a reset of the MCU does not end the watch. */
  watch(onPulse: () => void): Cancellable {
    this.#watches.add(onPulse);
    if (this.#watches.size === 1) this.#arm();
    return {
      cancel: (): void => {
        this.#watches.delete(onPulse);
        if (this.#watches.size === 0) this.#disarm();
      },
    };
  }

  /** The chip was reset, and its alarms with it. */
  powerOn(): void {
    this.#disarm();
    if (this.#watches.size > 0) this.#arm();
  }

  #arm(): void {
    if (!this.#source.isPowered) return;
    const source = this.#source;
    this.#armImport(this.#rest(source.energyMilliJoule()));
    this.#armExport(this.#rest(source.exportMilliJoule()));
  }

  /** mJ to the next pulse of this register. */
  #rest(register: number): number {
    return this.pulseMilliJoule - (register % this.pulseMilliJoule);
  }

  #armImport(after: number): void {
    this.#armed[0] = this.#source.alarmAfter(after, () => {
      this.#armImport(this.#rest(this.#source.energyMilliJoule()));
      this.#tell();
    });
  }

  #armExport(after: number): void {
    this.#armed[1] = this.#source.exportAlarmAfter(after, () => {
      this.#armExport(this.#rest(this.#source.exportMilliJoule()));
      this.#tell();
    });
  }

  #tell(): void {
    for (const onPulse of this.#watches) onPulse();
  }

  #disarm(): void {
    for (const alarm of this.#armed) alarm.cancel();
    this.#armed = [];
  }
}
