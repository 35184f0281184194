/**
 * One energy register of the chip: whole millijoules that never fall, the remainder kept, and the alarms that wait for it.
 * Energy that runs backwards within a cycle makes the remainder negative; the register waits until it has come back.
 */
import type { Cancellable } from '../firmware/hardware-interface.ts';
import type { Keeper } from '../firmware/keeper.ts';

const REGISTER_SIZE = 2 ** 48;

class Alarm implements Cancellable {
  target: number;
  /** Null once cancelled, also between its interrupt and its handler. */
  run: (() => void) | null;
  readonly #drop: (alarm: Alarm) => void;

  constructor(target: number, run: () => void, drop: (alarm: Alarm) => void) {
    this.target = target;
    this.run = run;
    this.#drop = drop;
  }

  cancel(): void {
    this.run = null;
    this.#drop(this);
  }
}

export class EnergyRegister {
  /** Without its wrap, mJ. */
  #whole = 0;
  #remainder = 0;
  #alarms: Alarm[] = [];
  /** The register value at which the next alarm rings; infinite without one. */
  target = Number.POSITIVE_INFINITY;
  readonly #replan: () => void;
  readonly #drop = (alarm: Alarm): void => {
    this.#alarms = this.#alarms.filter((other) => other !== alarm);
    this.#retarget();
    this.#replan();
  };

  /** @param replan - called after every change of the next target. */
  constructor(replan: () => void) {
    this.#replan = replan;
  }

  /** What the register shows, mJ modulo 2^48. */
  get shown(): number {
    return this.#whole % REGISTER_SIZE;
  }

  /** mJ since the reset without the wrap, whole. */
  get whole(): number {
    return this.#whole;
  }

  get isDue(): boolean {
    return this.#whole >= this.target;
  }

  /** mJ until the next alarm, the remainder counted. */
  get untilTarget(): number {
    return this.target - this.#whole - this.#remainder;
  }

  reset(): void {
    this.#whole = 0;
    this.#remainder = 0;
    this.disarm();
  }

  disarm(): void {
    this.#alarms = [];
    this.target = Number.POSITIVE_INFINITY;
  }

  add(milliJoule: number): void {
    this.#remainder += milliJoule;
    if (this.#remainder < 1) return;
    const whole = Math.floor(this.#remainder);
    this.#whole += whole;
    this.#remainder -= whole;
  }

  /** Hands over what ran backwards here: it belongs to the register of the other direction. */
  takeDebt(): number {
    const debt = Math.max(0, -this.#remainder);
    this.#remainder += debt;
    return debt;
  }

  arm(milliJoule: number, run: () => void): Cancellable {
    if (!(Number.isInteger(milliJoule) && milliJoule >= 1)) {
      throw new RangeError(`"energyMilliJoule" expected an integer of at least 1, got ${milliJoule}`);
    }
    const alarm = new Alarm(this.#whole + milliJoule, run, this.#drop);
    this.#alarms.push(alarm);
    if (this.#alarms.length > 1) this.#alarms.sort((a, b) => a.target - b.target);
    this.#retarget();
    this.#replan();
    return alarm;
  }

  /** Takes the alarms out that the register has reached; each is a handler that may still be cancelled. */
  takeDue(): (() => void)[] {
    const due: (() => void)[] = [];
    while (this.#alarms[0] !== undefined && this.#whole >= this.#alarms[0].target) {
      const alarm = this.#alarms[0];
      this.#alarms.shift();
      due.push(() => alarm.run?.());
    }
    this.#retarget();
    return due;
  }

  keep(keeper: Keeper): void {
    this.#whole = keeper.value(this.#whole);
    this.#remainder = keeper.value(this.#remainder);
    this.#alarms = keeper.order(this.#alarms);
    for (const alarm of this.#alarms) alarm.target = keeper.value(alarm.target);
    this.#retarget();
  }

  #retarget(): void {
    this.target = this.#alarms[0]?.target ?? Number.POSITIVE_INFINITY;
  }
}
