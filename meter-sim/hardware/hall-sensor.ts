/**
 * The 3-axis Hall sensor and the magnet in a hand (meter-hardware.md 5). The magnet is a dipole: its field falls as r^-3 from
 * its middle, so that a strong magnet at the case is a weak one at the sensor.
 */
import { invariant } from '../../lib/assert.ts';
import type { Cancellable, HallSensor } from '../firmware/hardware-interface.ts';
import type { Keeper } from '../firmware/keeper.ts';
import type { EventClock } from '../world/event-clock.ts';

export type Vector = readonly [x: number, y: number, z: number];

export interface Magnet {
  /** Flux density at the middle of its pole face, mT: 500 is what the standard's DC magnet has, 200 its AC magnet. */
  readonly faceMilliTesla: number;
  /** From the magnet's middle to its pole face, mm. */
  readonly halfLengthMillimetre: number;
  /** Where its middle stands, seen from the sensor, mm. */
  readonly atMillimetre: Vector;
  /** Where its north pole points; towards the sensor without it. */
  readonly pole?: Vector;
  /** Of an AC magnet; 0 is a permanent one. */
  readonly hertz: number;
}

export interface HallConfig {
  /** The earth's field, µT; 25 to 65 in all. */
  readonly earthMicroTesla: Vector;
  /** Full scale of each axis, mT. */
  readonly fullScaleMilliTesla: number;
  /** Where the relay stands, seen from the sensor, mm (assumed). */
  readonly relayAtMillimetre: Vector;
}

export const DEFAULT_HALL: HallConfig = {
  earthMicroTesla: [18, 2, 44],
  fullScaleMilliTesla: 300,
  relayAtMillimetre: [30, 0, -10],
};

interface Watch {
  readonly operate: number;
  readonly release: number;
  isStrong: boolean;
  readonly run: (isStrong: boolean) => void;
}

export class SimulatedHallSensor implements HallSensor {
  /** Told after the magnet moved: the relay feels it too. */
  onMagnet: () => void = () => {};
  readonly #clock: EventClock;
  readonly #config: HallConfig;
  readonly #watches = new Set<Watch>();
  #magnet: Magnet | undefined;

  constructor(clock: EventClock, config: HallConfig) {
    this.#clock = clock;
    this.#config = config;
  }

  /** Whoever watches has come back in its order when a meter wakes. */
  keep(keeper: Keeper): void {
    this.#magnet = keeper.value(this.#magnet);
    const areStrong = keeper.value(Array.from(this.#watches, ({ isStrong }) => isStrong));
    invariant(areStrong.length === this.#watches.size, 'who watches the field watches it again');
    let index = 0;
    for (const watch of this.#watches) watch.isStrong = areStrong[index++] as boolean;
  }

  get magnet(): Magnet | undefined {
    return this.#magnet;
  }

  microTesla(): Vector {
    const { hertz } = this.#magnet ?? { hertz: 0 };
    const swing = hertz === 0 ? 1 : Math.sin(2 * Math.PI * hertz * (this.#clock.now() / 1e6));
    const [x, y, z] = this.#fieldAt([0, 0, 0]);
    const [earthX, earthY, earthZ] = this.#config.earthMicroTesla;
    return [this.#read(swing * x + earthX), this.#read(swing * y + earthY), this.#read(swing * z + earthZ)];
  }

  onField(operate: number, release: number, run: (isStrong: boolean) => void): Cancellable {
    const watch: Watch = { operate, release, isStrong: false, run };
    this.#watches.add(watch);
    if (this.peakMicroTesla() >= operate) this.#clock.at(this.#clock.now(), () => this.#compare(watch));
    return { cancel: () => this.#watches.delete(watch) };
  }

  peakMicroTesla(): number {
    const { earthMicroTesla: earth, fullScaleMilliTesla } = this.#config;
    const [x, y, z] = this.#fieldAt([0, 0, 0]);
    const peak = Math.hypot(x + earth[0], y + earth[1], z + earth[2]);
    return Math.round(Math.min(peak, fullScaleMilliTesla * 1000));
  }

  /**
   * A hand brings a magnet, moves it, or takes it away.
   * @throws RangeError for a strength, size or frequency that no magnet has, or a middle inside the sensor.
   */
  setMagnet(magnet: Magnet | undefined): void {
    if (magnet !== undefined) checkMagnet(magnet);
    this.#magnet = magnet;
    for (const watch of [...this.#watches]) this.#compare(watch);
    this.onMagnet();
  }

  /** Flux density at the relay's armature, T, peak: above 0.3 it may hold or flip it (assumed). */
  relayTesla(): number {
    return Math.hypot(...this.#fieldAt(this.#config.relayAtMillimetre)) / 1e6;
  }

  /** The MCU stopped: nobody listens any more. */
  powerLost(): void {
    this.#watches.clear();
  }

  /** The part holds the peak of a swing, so that an AC magnet is one magnet and not a hundred a second. */
  #compare(watch: Watch): void {
    if (!this.#watches.has(watch)) return;
    const peak = this.peakMicroTesla();
    const isStrong = watch.isStrong ? peak > watch.release : peak >= watch.operate;
    if (isStrong === watch.isStrong) return;
    watch.isStrong = isStrong;
    watch.run(isStrong);
  }

  /** The magnet's field at a place, µT, at the peak of a swing. */
  #fieldAt(place: Vector): Vector {
    const magnet = this.#magnet;
    if (magnet === undefined) return [0, 0, 0];
    const away = subtract(place, magnet.atMillimetre);
    const distance = Math.hypot(...away);
    if (distance === 0) return [0, 0, magnet.faceMilliTesla * 1000];
    const towards = scale(away, 1 / distance);
    const toSensor = scale(magnet.atMillimetre, -1 / Math.hypot(...magnet.atMillimetre));
    const pole = magnet.pole === undefined ? toSensor : scale(magnet.pole, 1 / Math.hypot(...magnet.pole));
    // On the axis of the pole this is face x (half length / r)^3, beside it half of that. Inside the magnet it is the face's.
    const reach = Math.min(1, magnet.halfLengthMillimetre / distance) ** 3;
    const along = 3 * (pole[0] * towards[0] + pole[1] * towards[1] + pole[2] * towards[2]);
    const dipole = subtract(scale(towards, along), pole);
    return scale(dipole, (magnet.faceMilliTesla * 1000 * reach) / 2);
  }

  #read(microTesla: number): number {
    const end = this.#config.fullScaleMilliTesla * 1000;
    return Math.round(Math.min(end, Math.max(-end, microTesla)));
  }
}

function checkMagnet({ faceMilliTesla, halfLengthMillimetre, atMillimetre, pole, hertz }: Magnet): void {
  const isIn = (value: number, low: number, high: number): boolean => value >= low && value <= high;
  if (!isIn(faceMilliTesla, 0, 2_000)) throw new RangeError('"faceMilliTesla" expected 0 to 2000');
  if (!isIn(halfLengthMillimetre, 1, 200)) throw new RangeError('"halfLengthMillimetre" expected 1 to 200');
  if (!isIn(hertz, 0, 1_000)) throw new RangeError('"hertz" expected 0 to 1000');
  if (!isIn(Math.hypot(...atMillimetre), 1, 10_000))
    throw new RangeError('"atMillimetre" expected 1 to 10000 away');
  if (pole !== undefined && !(Math.hypot(...pole) > 0)) throw new RangeError('"pole" expected a direction');
}

function subtract(a: Vector, b: Vector): Vector {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

function scale(a: Vector, factor: number): Vector {
  return [a[0] * factor, a[1] * factor, a[2] * factor];
}
