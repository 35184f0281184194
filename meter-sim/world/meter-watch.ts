/**
 * What must hold of a whole meter after every event (meter-hardware.md 8): the firmware's own invariants, and what only the body or
 * the customer's slips can show. A breach throws an `Error`; the event's number is the world's.
 *
 *     1 accepted - charged = balance, in integers      7 coil pulses legal and exclusive
 *     2 registers never fall                           8 every switching's error and arc logged
 *     3 accepted credit is never forgotten             9 no write while busy, protected or below Vmin
 *     4 a token credits once, its own amount          10 EEPROM wear within its budget of twenty years
 *     5 after a death nothing below the last record   11 an orderly save forgets no energy, a sudden death a checkpoint at most
 *     6 closed only with a right to supply            12 a lockout survives power
 */
import { invariant } from '../../lib/assert.ts';
import type { Firmware } from '../firmware/firmware.ts';
import { InvariantChecker } from '../firmware/invariants.ts';
import type { FirmwareVitals } from '../firmware/readout.ts';
import type { MeterWorld } from './meter-world.ts';

export interface WatchOptions {
  /** Energy that a sudden death may forget, mWh: a checkpoint and what flowed while its record was written. */
  readonly checkpointMilliWh: number;
  /** What a save needs of the supply when it is warned: the page in work and two of its own, µs. With less it is hasty. */
  readonly saveMicros: number;
  /** After the mains has changed the firmware cannot know it for so long, µs: a pulse meanwhile is no breach. */
  readonly blindMicros: number;
  /** Writes of the most worn group that a year may cost beyond `wearBase`: a million in twenty years. */
  readonly wearPerYear: number;
  readonly wearBase: number;
}

export const DEFAULT_WATCH: WatchOptions = {
  checkpointMilliWh: 1_010_000,
  saveMicros: 15_000,
  blindMicros: 50_000,
  wearPerYear: 50_000,
  wearBase: 2_000,
};

/**
 * How the meter died: `orderly` with the time for a save after the warning, `hasty` with a warning and less time than that (a coil
 * pulse, or a cut that followed another too soon, has drained the capacitor), `sudden` without a warning or killed in its save.
 */
type Manner = 'orderly' | 'hasty' | 'sudden';

/** What the total register was when the meter was warned, or last seen. */
interface Death {
  readonly totalMilliWh: number;
  readonly manner: Manner;
}

export interface WatchCounts {
  checks: number;
  /** Deaths with the time for a save: none may lose anything. */
  orderlySaves: number;
  /** Deaths without that time, by whether the books were whole at the next boot, and the energy that they forgot, mWh. */
  hastySaves: number;
  hastySavesWithLoss: number;
  hastilyLostMilliWh: number;
  suddenDeaths: number;
  suddenlyLostMilliWh: number;
  /** Pulses in the moment when nobody could know that the mains had gone. */
  blindPulses: number;
}

const YEAR_MICROS = 365 * 86_400e6;

export class MeterWatch {
  readonly counts: WatchCounts = {
    checks: 0,
    orderlySaves: 0,
    hastySaves: 0,
    hastySavesWithLoss: 0,
    hastilyLostMilliWh: 0,
    suddenDeaths: 0,
    suddenlyLostMilliWh: 0,
    blindPulses: 0,
  };
  readonly #world: MeterWorld;
  readonly #firmware: () => Firmware;
  readonly #options: WatchOptions;
  readonly #checker = new InvariantChecker();
  #wasPowered = false;
  /** The last look at a meter that ran: what it would lose. */
  #totalMilliWh = 0;
  /**
   * The books when the comparator warned. In a dip energy flows on during the hold-up: what comes after the save is no fault of it.
   */
  #warning: Death | undefined;
  #death: Death | undefined;
  #supplyTooLow = 0;
  #switchings = 0;
  #mainsChangedAt = 0;
  /** Purchases that were certainly accepted, and those that may have been, mWh. */
  #certainMilliWh = 0;
  #possibleMilliWh = 0;
  #leastFailures = 0;

  /** @param firmware - of the present power-up. */
  constructor(world: MeterWorld, firmware: () => Firmware, options: WatchOptions = DEFAULT_WATCH) {
    this.#world = world;
    this.#firmware = firmware;
    this.#options = options;
  }

  /** Looks after every event from now on. */
  start(): void {
    this.#world.watch(() => this.look());
  }

  mainsChanged(): void {
    this.#mainsChangedAt = this.#world.now();
  }

  /** A token of this value is being entered for the first time. */
  tried(milliWh: number): void {
    this.#possibleMilliWh += milliWh;
  }

  /** The meter has said that it took it, then or before. */
  confirmed(milliWh: number): void {
    this.#certainMilliWh += milliWh;
  }

  /** A wrong token was answered: its failure counts, whatever becomes of the supply. */
  refused(): void {
    this.#leastFailures = this.#firmware().vitals().lockoutFailures;
  }

  /** A token is entered that may end the lockout. */
  mayUnlock(): void {
    this.#leastFailures = 0;
  }

  look(): void {
    this.counts.checks++;
    const isPowered = this.#world.powered;
    if (isPowered) this.#lookAtFirmware(this.#firmware().vitals());
    else if (this.#wasPowered) this.#died();
    this.#wasPowered = isPowered;
    this.#lookAtBody();
  }

  /** What must hold when nothing is in flight any more. */
  finish(): void {
    this.look();
    const years = this.#world.now() / YEAR_MICROS;
    const { worstWear } = this.#world.eeprom;
    const { wearPerYear, wearBase } = this.#options;
    invariant(worstWear <= wearBase + wearPerYear * years, `wear within its budget: ${worstWear} writes`);
    const { acceptedMilliWh } = this.#firmware().vitals();
    invariant(
      acceptedMilliWh === this.#certainMilliWh,
      `every token credited once: ${acceptedMilliWh} of ${this.#certainMilliWh} mWh`,
    );
  }

  #lookAtFirmware(vitals: FirmwareVitals): void {
    const { relay, supplyState } = this.#world;
    if (supplyState === 'failing') this.#warning ??= this.#warned(vitals);
    else if (supplyState === 'on') this.#warning = undefined;
    this.#checker.check(vitals, relay.contact === 'open' ? 'open' : 'closed');
    if (vitals.status === 'starting' || vitals.status === 'memory-fault') return;
    const { acceptedMilliWh, totalMilliWh } = vitals;
    invariant(
      acceptedMilliWh >= this.#certainMilliWh && acceptedMilliWh <= this.#possibleMilliWh,
      `accepted ${acceptedMilliWh} mWh, of tokens worth ${this.#certainMilliWh} to ${this.#possibleMilliWh}`,
    );
    if (this.#death !== undefined) this.#revived(this.#death, vitals);
    this.#totalMilliWh = totalMilliWh;
  }

  #died(): void {
    this.#checker.powerLost();
    const { totalMilliWh, manner } = this.#warning ?? { totalMilliWh: this.#totalMilliWh, manner: 'sudden' };
    // A meter that dies again before its first look has lost nothing more.
    this.#death ??= { totalMilliWh, manner: this.#world.isKilled ? 'sudden' : manner };
    this.#warning = undefined;
  }

  #warned({ totalMilliWh }: FirmwareVitals): Death {
    const hasTime = this.#world.supplyMicrosLeft() >= this.#options.saveMicros;
    return { totalMilliWh, manner: hasTime ? 'orderly' : 'hasty' };
  }

  #revived(death: Death, { totalMilliWh, savedTotalMilliWh, lockoutFailures }: FirmwareVitals): void {
    this.#death = undefined;
    const lost = death.totalMilliWh - totalMilliWh;
    invariant(totalMilliWh >= savedTotalMilliWh, 'nothing is read below the newest record');
    invariant(
      lost <= this.#options.checkpointMilliWh,
      `a death forgets a checkpoint at most, not ${lost} mWh`,
    );
    invariant(lockoutFailures >= this.#leastFailures, 'a lockout survives power');
    const { counts } = this;
    switch (death.manner) {
      case 'orderly':
        invariant(lost <= 0, `an orderly save forgets no energy, not ${lost} mWh`);
        counts.orderlySaves++;
        return;
      case 'hasty':
        if (lost > 0) counts.hastySavesWithLoss++;
        else counts.hastySaves++;
        counts.hastilyLostMilliWh += Math.max(0, lost);
        return;
      case 'sudden':
        counts.suddenDeaths++;
        counts.suddenlyLostMilliWh += Math.max(0, lost);
    }
  }

  #lookAtBody(): void {
    const { relay, eeprom } = this.#world;
    const { faults, log } = relay;
    invariant(faults.otherCoilDriven === 0 && faults.sameCoilDriven === 0, 'one coil is driven at a time');
    invariant(faults.tooShort === 0, 'a coil pulse is long enough');
    if (faults.supplyTooLow > this.#supplyTooLow) this.#lowPulse();
    const { lostWrites, lowVoltWrites, protectedWrites } = eeprom.counts;
    invariant(lostWrites === 0 && protectedWrites === 0, 'no write while the part is busy or protected');
    invariant(lowVoltWrites === 0, 'no write below the part’s least voltage');
    for (; this.#switchings < log.length; this.#switchings++) {
      const switching = log[this.#switchings];
      const isMeasured = switching?.zeroBefore === null || Number.isFinite(switching?.distanceMicros);
      invariant(
        isMeasured && Number.isFinite(switching?.arcJoule),
        'every switching has its error and its arc',
      );
    }
  }

  #lowPulse(): void {
    const isBlind = this.#world.now() - this.#mainsChangedAt < this.#options.blindMicros;
    invariant(isBlind, 'no coil pulse below the supply threshold');
    const { supplyTooLow } = this.#world.relay.faults;
    this.counts.blindPulses += supplyTooLow - this.#supplyTooLow;
    this.#supplyTooLow = supplyTooLow;
  }
}
