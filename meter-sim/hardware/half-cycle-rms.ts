/**
 * The dip and swell detector: RMS of the last whole cycle, refreshed every half cycle (Urms(1/2) of EN 61000-4-30), and the
 * events that its thresholds make of it (EN 50160 as printed in meter-hardware.md 1).
 *
 * Reckoned from the true wave and the unit's gain in both fidelities: the noise of single samples would move it by less than
 * a millivolt. It looks only at the few half cycles after a change of the voltage, and only while somebody listens.
 */
import type { Cancellable, VoltageEvent, VoltageThresholds } from '../firmware/hardware-interface.ts';
import type { Keeper } from '../firmware/keeper.ts';
import type { EventClock, ScheduledEvent } from '../world/event-clock.ts';
import type { Mains } from './mains.ts';
import { PhaseIntegral } from './waves.ts';

interface Piece {
  readonly fromPhase: number;
  readonly volt: number;
}

interface Present {
  kind: 'dip' | 'swell';
  startedAt: number;
  extreme: number;
}

class VoltageWatch implements Cancellable {
  readonly thresholds: VoltageThresholds;
  readonly handler: (event: VoltageEvent) => void;
  present: Present | null = null;
  readonly #watches: Set<VoltageWatch>;

  constructor(
    watches: Set<VoltageWatch>,
    thresholds: VoltageThresholds,
    handler: (event: VoltageEvent) => void,
  ) {
    this.#watches = watches;
    this.thresholds = thresholds;
    this.handler = handler;
  }

  cancel(): void {
    this.#watches.delete(this);
  }
}

export class HalfCycleRms {
  readonly #clock: EventClock;
  readonly #mains: Mains;
  readonly #gain: number;
  /** Voltages of the last cycles, the newest last; there is always one that began before the cycle in question. */
  #pieces: Piece[];
  #next: ScheduledEvent | null = null;
  /** The boundary of a half cycle that is looked at next. */
  #boundary = 0;
  readonly #watches = new Set<VoltageWatch>();

  /** @param gain - the unit's own, of its voltage channel. */
  constructor(clock: EventClock, mains: Mains, volt: number, gain: number) {
    this.#clock = clock;
    this.#mains = mains;
    this.#gain = gain;
    this.#pieces = [{ fromPhase: Number.NEGATIVE_INFINITY, volt }];
  }

  /** The voltage at the terminals may have changed just now. */
  voltageIs(volt: number): void {
    const last = this.#pieces[this.#pieces.length - 1] as Piece;
    if (last.volt === volt) return;
    const phase = this.#mains.phaseAt(this.#clock.now());
    while (this.#pieces[1] !== undefined && this.#pieces[1].fromPhase < phase - 3) this.#pieces.shift();
    this.#pieces.push({ fromPhase: phase, volt });
    if (this.#watches.size > 0) this.#look();
  }

  /** RMS of the cycle that ended at the last half-cycle boundary, mV. */
  milliVolt(): number {
    return this.#milliVoltAt(Math.floor(2 * this.#mains.phaseAt(this.#clock.now())) / 2);
  }

  watch(thresholds: VoltageThresholds, handler: (event: VoltageEvent) => void): Cancellable {
    const watch = new VoltageWatch(this.#watches, thresholds, handler);
    this.#watches.add(watch);
    this.#look();
    return watch;
  }

  releaseAll(): void {
    this.#watches.clear();
    this.#next?.cancel();
    this.#next = null;
  }

  keep(keeper: Keeper): void {
    this.#pieces = keeper.value(this.#pieces);
    this.#boundary = keeper.value(this.#boundary);
    const watches = keeper.order(this.#watches);
    this.#watches.clear();
    for (const watch of watches) {
      watch.present = keeper.value(watch.present);
      this.#watches.add(watch);
    }
    this.#next = this.#clock.keepEvent(keeper, this.#next, () => this.#see());
  }

  /** Plans to look at the next boundary of a half cycle, unless a look is planned. */
  #look(): void {
    if (this.#next === null) this.#lookAt(Math.floor(2 * this.#mains.phaseAt(this.#clock.now()) + 1) / 2);
  }

  #lookAt(boundary: number): void {
    const now = this.#clock.now();
    const time = Math.max(now, Math.ceil(this.#mains.timeAtPhase(boundary, now)));
    this.#boundary = boundary;
    this.#next = this.#clock.at(time, () => this.#see());
  }

  #see(): void {
    const boundary = this.#boundary;
    this.#next = null;
    if (this.#watches.size === 0) return;
    const milliVolt = this.#milliVoltAt(boundary);
    const last = this.#pieces[this.#pieces.length - 1] as Piece;
    // Not the boundary after this moment's phase: rounding may have it a hair before the boundary that this moment is.
    if (last.fromPhase > boundary - 1) this.#lookAt(boundary + 0.5);
    for (const watch of this.#watches) this.#tell(watch, milliVolt);
  }

  #tell(watch: VoltageWatch, milliVolt: number): void {
    const { dipMilliVolt, swellMilliVolt, hysteresisMilliVolt } = watch.thresholds;
    const now = this.#clock.now();
    const { present } = watch;
    if (present !== null) {
      const isDip = present.kind === 'dip';
      present.extreme = isDip ? Math.min(present.extreme, milliVolt) : Math.max(present.extreme, milliVolt);
      const hasEnded = isDip
        ? milliVolt >= dipMilliVolt + hysteresisMilliVolt
        : milliVolt <= swellMilliVolt - hysteresisMilliVolt;
      if (!hasEnded) return;
      watch.present = null;
      const { kind, startedAt, extreme } = present;
      watch.handler({ kind, startedAt, endedAt: now, extremeMilliVolt: extreme });
    }
    if (milliVolt >= dipMilliVolt && milliVolt <= swellMilliVolt) return;
    const kind = milliVolt < dipMilliVolt ? 'dip' : 'swell';
    watch.present = { kind, startedAt: now, extreme: milliVolt };
    watch.handler({ kind, startedAt: now, endedAt: null, extremeMilliVolt: milliVolt });
  }

  #milliVoltAt(boundary: number): number {
    const { unitWave } = this.#mains;
    const squares = squaresOf(unitWave);
    let sum = 0;
    for (let index = this.#pieces.length - 1; index >= 0; index--) {
      const { fromPhase, volt } = this.#pieces[index] as Piece;
      const end = this.#pieces[index + 1]?.fromPhase ?? boundary;
      const from = Math.max(fromPhase, boundary - 1);
      const to = Math.min(end, boundary);
      if (to > from) sum += volt * volt * squares.between(from, to);
      if (fromPhase <= boundary - 1) break;
    }
    return Math.round(1000 * this.#gain * Math.sqrt(sum));
  }
}

const SQUARES = new WeakMap<Float64Array, PhaseIntegral>();

/** One table for every meter on the same wave. */
function squaresOf(unitWave: Float64Array): PhaseIntegral {
  let made = SQUARES.get(unitWave);
  if (made === undefined) {
    made = new PhaseIntegral((index) => (unitWave[index] as number) ** 2);
    SQUARES.set(unitWave, made);
  }
  return made;
}
