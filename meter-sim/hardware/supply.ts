/**
 * The meter's own power supply (meter-hardware.md 4): sees the mains fail, warns the MCU, holds up for a while, browns out, and
 * starts the MCU again when the mains is back.
 */
import type { EventClock, ScheduledEvent } from '../world/event-clock.ts';

export interface SupplyConfig {
  /** From the loss of the mains to the power-fail interrupt: half a cycle. */
  readonly detectMicros: number;
  /** From that interrupt to brown-out. */
  readonly holdUpMicros: number;
  /** From the return of the mains to the MCU's first instruction. */
  readonly startMicros: number;
  /** Mains voltage below which the rail sinks: a wide-range supply at half the nominal (assumed). */
  readonly failVolt: number;
}

export const DEFAULT_SUPPLY: SupplyConfig = {
  detectMicros: 10_000,
  holdUpMicros: 40_000,
  startMicros: 100_000,
  failVolt: 115,
};

/**
 * `off`: no rail. `starting`: rail up, MCU in reset. `on`: running. `sinking`: mains lost, not yet noticed. `failing`: the MCU
 * runs from the capacitor.
 */
export type SupplyState = 'off' | 'starting' | 'on' | 'sinking' | 'failing';

export interface SupplyHandlers {
  start(): void;
  powerFailing(): void;
  brownOut(): void;
}

export class Supply {
  readonly #clock: EventClock;
  readonly #config: SupplyConfig;
  readonly #handlers: SupplyHandlers;
  #state: SupplyState = 'off';
  #next: ScheduledEvent | null = null;

  constructor(clock: EventClock, config: SupplyConfig, handlers: SupplyHandlers) {
    this.#clock = clock;
    this.#config = config;
    this.#handlers = handlers;
  }

  get state(): SupplyState {
    return this.#state;
  }

  /** Whether only the capacitor feeds the meter. */
  get isOnHoldUp(): boolean {
    return this.#state === 'sinking' || this.#state === 'failing';
  }

  /** Looks at the mains again after it changed. */
  mainsIs(voltRms: number): void {
    const isGood = voltRms >= this.#config.failVolt;
    switch (this.#state) {
      case 'off':
        if (isGood) this.#enter('starting', this.#config.startMicros, () => this.#start());
        return;
      case 'starting':
        if (!isGood) this.#enter('off');
        return;
      case 'on':
        if (!isGood) this.#enter('sinking', this.#config.detectMicros, () => this.#fail());
        return;
      case 'sinking':
      case 'failing':
        // The capacitor fills again and nothing resets the MCU, which may be in the middle of its save.
        if (isGood) this.#enter('on');
        return;
    }
  }

  /** Brown-out at once. */
  kill(): void {
    const wasRunning = this.#state !== 'off';
    this.#enter('off');
    if (wasRunning) this.#handlers.brownOut();
  }

  #start(): void {
    this.#enter('on');
    this.#handlers.start();
  }

  #fail(): void {
    this.#enter('failing', this.#config.holdUpMicros, () => this.kill());
    this.#handlers.powerFailing();
  }

  #enter(state: SupplyState, afterMicros?: number, then?: () => void): void {
    this.#next?.cancel();
    this.#state = state;
    this.#next =
      afterMicros === undefined || then === undefined
        ? null
        : this.#clock.at(this.#clock.now() + afterMicros, then);
  }
}
