/**
 * When the calibrated light is lit: from the phase that the meter tells ten times a second to every moment between. Pulses come
 * at their true rate, the simulated one times the speed of simulated time.
 */
import type { BenchView } from '../bench-view.ts';

/** Pulses a second above which an eye sees a glow. */
const GLOWS_FROM = 12;
/** Simulated time for which a pulse is lit, and the least that is seen of it. */
const LIT_SECONDS = 0.04;
const LEAST_SEEN_SECONDS = 0.05;
/** A faster pulse is dark for half of its time, or nobody could tell it from the next. */
const MOST_SHARE = 0.5;
const MILLI_WATT_SECONDS_PER_KWH = 3.6e9;

export type Light = 'dark' | 'lit' | 'glowing';

type Told = Pick<BenchView, 'led' | 'simulatedMicros' | 'isPaused' | 'speed'>;

export class PulseClock {
  #led: BenchView['led'] | undefined;
  #phase = 0;
  #atMillis = 0;
  #simulatedMicros = 0;
  /** Simulated seconds in a second. */
  #speed = 0;

  /** @param nowMillis - on the page's own clock. */
  tell({ led, simulatedMicros, isPaused, speed }: Told, nowMillis: number): void {
    const expected = this.phaseAt(nowMillis);
    const elapsed = nowMillis - this.#atMillis;
    const measured = elapsed > 0 ? (simulatedMicros - this.#simulatedMicros) / (elapsed * 1_000) : 0;
    // At full speed nobody knows the speed but by measuring it; otherwise messages that come late would make it flutter.
    if (isPaused) this.#speed = 0;
    else if (speed !== 'max') this.#speed = speed;
    else if (this.#led !== undefined && measured >= 0) this.#speed = measured;
    // A message that comes a little late must not take back a pulse that was shown.
    const isLate = led.phase < expected && expected - led.phase < 1;
    this.#phase = isLate ? expected : led.phase;
    this.#led = led;
    this.#atMillis = nowMillis;
    this.#simulatedMicros = simulatedMicros;
  }

  get speed(): number {
    return this.#speed;
  }

  /** Pulses in a second of the one who looks on. */
  get perSecond(): number {
    const led = this.#led;
    if (led?.state !== 'pulsing') return 0;
    return (Math.abs(led.milliWatt) * led.impulsesPerKwh * this.#speed) / MILLI_WATT_SECONDS_PER_KWH;
  }

  phaseAt(nowMillis: number): number {
    return this.#phase + (this.perSecond * (nowMillis - this.#atMillis)) / 1_000;
  }

  lightAt(nowMillis: number): Light {
    const state = this.#led?.state ?? 'dark';
    if (state !== 'pulsing') return state === 'steady' ? 'lit' : 'dark';
    const { perSecond } = this;
    if (perSecond >= GLOWS_FROM) return 'glowing';
    if (perSecond === 0) return 'dark';
    const phase = this.phaseAt(nowMillis);
    if (phase < 1) return 'dark';
    const seen = Math.min(Math.max(LIT_SECONDS / this.#speed, LEAST_SEEN_SECONDS), MOST_SHARE / perSecond);
    return (phase % 1) / perSecond < seen ? 'lit' : 'dark';
  }
}
