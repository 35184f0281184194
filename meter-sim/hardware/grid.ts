/**
 * What happens to the voltage: a level, an outage switch, and disturbances that come and go by themselves (meter-hardware.md
 * 1): dips, interruptions, surges, a lost neutral upstream. Of several at once the deepest dip counts, and a surge only
 * where there is none.
 */
import { assertInteger } from '../../lib/assert.ts';
import type { Keeper } from '../firmware/keeper.ts';
import type { EventClock, ScheduledEvent } from '../world/event-clock.ts';
import type { Circuit } from './circuit.ts';

/** Residual voltage of the dip classes, % of the level, and the limits of their durations, s (meter-hardware.md 1). */
export const DIP_RESIDUALS_PERCENT = [90, 80, 70, 40, 5] as const;
export const DIP_DURATIONS_SECONDS = [0.01, 0.2, 0.5, 1, 5, 60] as const;

const HOUR_MICROS = 3_600_000_000;

interface Disturbance {
  /** Share of the level for a dip; V for a surge. */
  readonly share: number | null;
  readonly volt: number;
  end: ScheduledEvent | undefined;
}

export class Grid {
  readonly #clock: EventClock;
  readonly #circuit: Circuit;
  #levelVolt: number;
  readonly #active = new Set<Disturbance>();

  constructor(clock: EventClock, circuit: Circuit) {
    this.#clock = clock;
    this.#circuit = circuit;
    this.#levelVolt = circuit.mains.config.voltRms;
  }

  keep(keeper: Keeper): void {
    this.#levelVolt = keeper.value(this.#levelVolt);
    const active = [...this.#active];
    for (const [index, shape] of keeper.value(active.map(({ share, volt }) => ({ share, volt }))).entries()) {
      const disturbance: Disturbance = active[index] ?? { ...shape, end: undefined };
      this.#active.add(disturbance);
      disturbance.end = keeper.handle(disturbance.end, () => this.#endAt(this.#clock.now(), disturbance));
    }
  }

  /** RMS without disturbances, V. */
  get levelVolt(): number {
    return this.#levelVolt;
  }

  setLevel(voltRms: number): void {
    if (!(voltRms >= 0 && voltRms <= 1000)) {
      throw new RangeError(`"voltRms" expected a number from 0 to 1000, got ${voltRms}`);
    }
    this.#levelVolt = voltRms;
    this.#apply();
  }

  setOutage(isOut: boolean): void {
    this.#circuit.changeMains((mains) => mains.setOut(isOut));
  }

  /** Frequency from now on, reached at a slope. */
  ramp({ hertz, hertzPerSecond }: { readonly hertz: number; readonly hertzPerSecond: number }): void {
    this.#circuit.changeMains((mains) => mains.rampTo(hertz, hertzPerSecond, this.#clock.now()));
  }

  /** A dip from now on: what is left of the level, 0 to 100 %, for so many µs up to an hour. */
  dip({ residualPercent, micros }: { readonly residualPercent: number; readonly micros: number }): void {
    if (!(residualPercent >= 0 && residualPercent <= 100)) {
      throw new RangeError(`"residualPercent" expected a number from 0 to 100, got ${residualPercent}`);
    }
    this.#disturb(residualPercent / 100, 0, micros);
  }

  /** No voltage at all for so many µs. */
  interruption(micros: number): void {
    this.dip({ residualPercent: 0, micros });
  }

  /** A higher voltage for a while: a surge, or the phase that a lost neutral upstream pushes up, to 400 V for minutes. */
  surge({ volt, micros }: { readonly volt: number; readonly micros: number }): void {
    if (!(volt >= 0 && volt <= 1000)) {
      throw new RangeError(`"volt" expected a number from 0 to 1000, got ${volt}`);
    }
    this.#disturb(null, volt, micros);
  }

  #disturb(share: number | null, volt: number, micros: number): void {
    assertInteger(micros, 1, HOUR_MICROS, 'micros');
    const disturbance: Disturbance = { share, volt, end: undefined };
    this.#active.add(disturbance);
    this.#apply();
    disturbance.end = this.#endAt(this.#clock.now() + micros, disturbance);
  }

  #endAt(time: number, disturbance: Disturbance): ScheduledEvent {
    return this.#clock.at(time, () => {
      this.#active.delete(disturbance);
      this.#apply();
    });
  }

  #apply(): void {
    let share = 1;
    let surge = 0;
    for (const disturbance of this.#active) {
      if (disturbance.share === null) surge = Math.max(surge, disturbance.volt);
      else share = Math.min(share, disturbance.share);
    }
    const volt = share === 1 && surge > 0 ? surge : share * this.#levelVolt;

    this.#circuit.changeMains((mains) => mains.setVoltRms(volt));
  }
}
