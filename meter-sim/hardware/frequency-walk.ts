/**
 * The walk of the grid's frequency (meter-hardware.md 1: a restoring force, deviation sigma, time constant tau) as a sum of
 * tones whose powers share out the spectrum of that walk, sigma² · 4 tau / (1 + (2 pi f tau)²). The phase is the integral of
 * each tone and can be asked for at any moment: a year costs nothing until somebody looks.
 */
import type { RandomStream } from '../world/random.ts';

export interface WalkConfig {
  readonly hertz: number;
  readonly walkSigmaHertz: number;
  readonly walkTauSeconds: number;
  /** The frequency is constant within a step; no tone turns faster than three tenths of a cycle a step. */
  readonly stepMicros: number;
}

const TONES = 16;
/** The slowest tone has this share of the slowest band: no offset that stands for days. */
const SLOWEST = 0.05;
const FASTEST_CYCLES_PER_STEP = 0.3;

export class FrequencyWalk {
  readonly #hertz: number;
  readonly #origin: number;
  /** Frequency (Hz), phase (rad) and phase swing (cycles) of each tone, one after another. */
  readonly #tones: Float64Array;

  constructor(config: WalkConfig, random: RandomStream) {
    const { hertz, walkSigmaHertz, walkTauSeconds } = config;
    this.#hertz = hertz;
    this.#origin = random.uniform();
    const stepSeconds = config.stepMicros * 1e-6;
    const count = walkSigmaHertz > 0 ? TONES : 0;
    this.#tones = new Float64Array(3 * count);
    for (let tone = 0; tone < count; tone++) {
      // Bands of equal power; each tone stands somewhere in its band.
      const share = (tone + SLOWEST + (1 - SLOWEST) * random.uniform()) / TONES;
      const natural = Math.tan((Math.PI / 2) * share) / (2 * Math.PI * walkTauSeconds);
      const toneHertz = Math.min(natural, FASTEST_CYCLES_PER_STEP / stepSeconds);
      const half = Math.PI * toneHertz * stepSeconds;
      // A step's mean flattens a fast tone by sin(x)/x: given back, so that the steps have the deviation asked for.
      const amplitude = walkSigmaHertz * Math.sqrt(2 / TONES) * (half / Math.sin(half));
      this.#tones[3 * tone] = toneHertz;
      this.#tones[3 * tone + 1] = 2 * Math.PI * random.uniform();
      this.#tones[3 * tone + 2] = amplitude / (2 * Math.PI * toneHertz);
    }
  }

  /** Cycles since the world began. */
  phaseAt(seconds: number): number {
    const tones = this.#tones;
    let phase = this.#origin + this.#hertz * seconds;
    for (let at = 0; at < tones.length; at += 3) {
      const turns = (tones[at] as number) * seconds;
      const angle = 2 * Math.PI * (turns - Math.floor(turns)) + (tones[at + 1] as number);
      phase += (tones[at + 2] as number) * Math.sin(angle);
    }
    return phase;
  }
}
