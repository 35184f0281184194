/** Drives the counters of the supply's quality by the chip's interrupts: dips and swells, and time beyond the slow limits. */
import type { Cancellable, McuTimer, MeteringChip, Micros } from '../hardware-interface.ts';
import type { Keeper } from '../keeper.ts';
import {
  countFrequency,
  countInterruption,
  countVoltageEvent,
  countVoltageTime,
  NO_POWER_QUALITY,
  type PowerQualityOptions,
  type PowerQualityState,
} from './power-quality.ts';

export class VoltageWatch {
  readonly #chip: MeteringChip;
  readonly #timer: McuTimer;
  readonly #options: PowerQualityOptions;
  #state: PowerQualityState = NO_POWER_QUALITY;
  #captures: readonly (Cancellable | undefined)[] = [];
  /** Since when the voltage is beyond a limit. */
  #since: { under: Micros | undefined; over: Micros | undefined } = {
    under: undefined,
    over: undefined,
  };

  constructor(chip: MeteringChip, timer: McuTimer, options: PowerQualityOptions) {
    this.#chip = chip;
    this.#timer = timer;
    this.#options = options;
  }

  /** Goes on counting from `state`. */
  start(state: PowerQualityState): void {
    for (const capture of this.#captures) capture?.cancel();
    this.#state = state;
    this.#captures = this.#watches().map((watch) => watch());
    // The chip tells of a voltage that is too low only when it has been high enough before.
    const dip = this.#part(this.#options.dipPermille);
    if (this.#chip.voltageMilliVolt() < dip) this.#beyond('under', true);
  }

  /** The counters, the time of what lasts included. */
  state(): PowerQualityState {
    for (const side of ['under', 'over'] as const)
      if (this.#since[side] !== undefined) this.#beyond(side, true);
    return this.#state;
  }

  /** One reading of the frequency. */
  readFrequency(): void {
    this.#state = countFrequency(this.#state, this.#options, this.#chip.frequencyMilliHertz());
  }

  /** An interruption that outlasted the supply, found at the next boot. */
  interrupted(micros: number): void {
    this.#state = countInterruption(this.#state, micros);
  }

  keep(keeper: Keeper): void {
    this.#state = keeper.value(this.#state);
    this.#since = keeper.value(this.#since);
    this.#captures = this.#watches().map((watch, place) => keeper.handle(this.#captures[place], watch));
  }

  #watches(): readonly (() => Cancellable)[] {
    const dip = this.#part(this.#options.dipPermille);
    const swell = this.#part(this.#options.swellPermille);
    const hysteresisMilliVolt = this.#part(this.#options.hysteresisPermille);
    return [
      () =>
        this.#chip.captureVoltageEvents(
          { dipMilliVolt: dip, swellMilliVolt: swell, hysteresisMilliVolt },
          ({ kind, startedAt, endedAt, extremeMilliVolt }) => {
            if (endedAt === null) return;
            const event = { kind, micros: endedAt - startedAt, extremeMilliVolt };
            this.#state = countVoltageEvent(this.#state, this.#options, event);
          },
        ),
      () =>
        this.#chip.captureLevel(
          'voltage',
          { threshold: dip + hysteresisMilliVolt, release: dip },
          (isAbove) => this.#beyond('under', !isAbove),
        ),
      () =>
        this.#chip.captureLevel(
          'voltage',
          { threshold: swell, release: swell - hysteresisMilliVolt },
          (isAbove) => this.#beyond('over', isAbove),
        ),
    ];
  }

  #part(permille: number): number {
    return Math.floor((this.#options.nominalMilliVolt * permille) / 1_000);
  }

  /** Counts the whole milliseconds so far; what is left of one goes with those to come. */
  #beyond(side: 'under' | 'over', isBeyond: boolean): void {
    const now = this.#timer.now();
    const since = this.#since[side];
    let from = now;
    if (since !== undefined) {
      const millis = Math.floor((now - since) / 1_000);
      this.#state = countVoltageTime(this.#state, side, millis);
      from = since + millis * 1_000;
    }
    this.#since[side] = isBeyond ? from : undefined;
  }
}
