/**
 * The latching relay (meter-hardware.md 3): two coils, a delay of its own that drifts and jitters, an arc when it parts
 * under current, bounce when it closes, wear. It keeps an append-only log of the truth, which no firmware sees.
 */
import type { RelayDriver, SwitchDirection } from '../firmware/hardware-interface.ts';
import type { EventClock, ScheduledEvent } from '../world/event-clock.ts';
import type { RandomStream } from '../world/random.ts';
import type { Circuit } from './circuit.ts';
import type { Contact } from './metering-chip.ts';

export interface RelayConfig {
  readonly openingMillis: number;
  readonly closingMillis: number;
  /** Spread from unit to unit, and where it is clipped. */
  readonly unitSigmaMillis: number;
  readonly openingClipMillis: readonly [number, number];
  readonly closingClipMillis: readonly [number, number];
  readonly jitterSigmaMillis: number;
  readonly driftMillisPerCelsius: number;
  readonly referenceCelsius: number;
  readonly coilVolt: number;
  readonly lowestCoilVolt: number;
  readonly driftMillisPerVolt: number;
  readonly wearMillisPerOperation: number;
  readonly idleMillis: number;
  readonly idleAfterMicros: number;
  readonly shortestPulseMicros: number;
  readonly bounces: readonly [number, number];
  readonly bounceMillis: readonly [number, number];
  readonly contactOhm: number;
  readonly wornContactOhm: number;
  readonly wornArcJoule: number;
  readonly arcVolt: number;
  readonly arcAmp: number;
  /** Share of the nominal mains voltage below which no coil may be driven; such pulses are counted. */
  readonly lowestMainsShare: number;
  /** A latching relay stays as it was left: what a meter restarts with. */
  readonly position: 'open' | 'closed';
  readonly operations: number;
  readonly arcJoule: number;
}

export const DEFAULT_RELAY: RelayConfig = {
  openingMillis: 8,
  closingMillis: 9,
  unitSigmaMillis: 1,
  openingClipMillis: [5, 15],
  closingClipMillis: [5, 20],
  jitterSigmaMillis: 0.15,
  driftMillisPerCelsius: 0.03,
  referenceCelsius: 23,
  coilVolt: 12,
  lowestCoilVolt: 9.6,
  driftMillisPerVolt: -0.5,
  wearMillisPerOperation: 1 / 10_000,
  idleMillis: 0.5,
  idleAfterMicros: 30 * 86_400e6,
  shortestPulseMicros: 50_000,
  bounces: [1, 4],
  bounceMillis: [1, 3],
  contactOhm: 0.0005,
  wornContactOhm: 0.002,
  wornArcJoule: 67_000,
  arcVolt: 15,
  arcAmp: 0.4,
  lowestMainsShare: 0.7,
  position: 'open',
  operations: 0,
  arcJoule: 0,
};

/** The truth about one switching. */
export interface Switching {
  readonly direction: SwitchDirection;
  /** Start of the coil pulse, µs. */
  readonly pulsedAt: number;
  /** When the contacts parted, or first touched, µs. */
  readonly movedAt: number;
  /** True zeros around `movedAt`, µs: of the current for an opening, of the voltage for a closing; null without a wave. */
  readonly zeroBefore: number | null;
  readonly zeroAfter: number | null;
  /** Signed distance to the nearer zero, µs: below zero when the contacts moved before it. */
  readonly distanceMicros: number | null;
  /** Current at the moment of parting; 0 for a closing. */
  readonly amp: number;
  /** Energy of the arc, of all bounces for a closing, J. */
  readonly arcJoule: number;
}

/** Pulses that should not have been, by reason. */
export interface RelayFaults {
  otherCoilDriven: number;
  sameCoilDriven: number;
  tooShort: number;
  /** The coil had less than its lowest voltage: nothing moved. */
  coilTooLow: number;
  /** The rule that no coil is driven below 70 % of Un or from the hold-up was broken. */
  supplyTooLow: number;
}

type ContactState = 'closed' | 'arcing' | 'open';

export class SimulatedRelay implements RelayDriver, Contact {
  readonly log: Switching[] = [];
  readonly faults: RelayFaults = {
    otherCoilDriven: 0,
    sameCoilDriven: 0,
    tooShort: 0,
    coilTooLow: 0,
    supplyTooLow: 0,
  };
  readonly #config: RelayConfig;
  readonly #clock: EventClock;
  readonly #circuit: Circuit;
  readonly #random: RandomStream;
  readonly #isOnHoldUp: () => boolean;
  #moved: () => void = () => {};
  readonly #unitMillis: Record<SwitchDirection, number>;
  #position: 'open' | 'closed';
  #contact: ContactState;
  #operations: number;
  #arcJoule: number;
  #celsius: number;
  #touches = 0;
  #driven: { direction: SwitchDirection; end: ScheduledEvent } | null = null;
  #motion: ScheduledEvent | null = null;
  #lastOperationAt = 0;

  constructor(
    clock: EventClock,
    circuit: Circuit,
    random: RandomStream,
    config: RelayConfig,
    isOnHoldUp: () => boolean,
  ) {
    this.#clock = clock;
    this.#circuit = circuit;
    this.#random = random;
    this.#config = config;
    this.#isOnHoldUp = isOnHoldUp;
    this.#position = config.position;
    this.#contact = config.position;
    this.#operations = config.operations;
    this.#arcJoule = config.arcJoule;
    this.#celsius = config.referenceCelsius;
    this.#unitMillis = {
      open: clip(config.openingMillis + config.unitSigmaMillis * random.gaussian(), config.openingClipMillis),
      close: clip(
        config.closingMillis + config.unitSigmaMillis * random.gaussian(),
        config.closingClipMillis,
      ),
    };
    circuit.setConducts(this.#position === 'closed');
  }

  /** Where the armature stands or last stood; the contact may still bounce or arc. */
  get position(): 'open' | 'closed' {
    return this.#position;
  }

  get contact(): ContactState {
    return this.#contact;
  }

  /** From the start of a pulse to its end: the arc and the bounces lie within. */
  get isMoving(): boolean {
    return this.#driven !== null;
  }

  get touches(): number {
    return this.#touches;
  }

  get operations(): number {
    return this.#operations;
  }

  /** Sum of all arcs, J. */
  get arcJoule(): number {
    return this.#arcJoule;
  }

  /** This unit's own delays before drift and jitter, ms. */
  get unitMillis(): Readonly<Record<SwitchDirection, number>> {
    return this.#unitMillis;
  }

  setCelsius(celsius: number): void {
    this.#celsius = celsius;
  }

  /** Tells the chip when the relay begins and ends to move. */
  onMoved(moved: () => void): void {
    this.#moved = moved;
  }

  dropVolt(volt: number, amp: number): number {
    switch (this.#contact) {
      case 'open':
        return volt;
      case 'arcing':
        return amp < 0 ? -this.#config.arcVolt : this.#config.arcVolt;
      case 'closed':
        return amp * this.#contactOhm();
    }
  }

  pulse(direction: SwitchDirection, widthMicros: number): void {
    const config = this.#config;
    if (!(Number.isInteger(widthMicros) && widthMicros > 0)) {
      throw new RangeError(`"widthMicros" expected an integer above 0, got ${widthMicros}`);
    }
    if (this.#driven !== null) {
      if (this.#driven.direction === direction) this.faults.sameCoilDriven++;
      else this.faults.otherCoilDriven++;
      return;
    }
    const { mains } = this.#circuit;
    const share = mains.voltRms / mains.config.voltRms;
    if (share < config.lowestMainsShare || this.#isOnHoldUp()) this.faults.supplyTooLow++;
    const now = this.#clock.now();
    const end = this.#clock.at(now + widthMicros, () => {
      this.#driven = null;
      this.#moved();
    });
    this.#driven = { direction, end };
    this.#moved();
    const volt = config.coilVolt * share;
    if (volt < config.lowestCoilVolt) {
      this.faults.coilTooLow++;
      return;
    }
    if (widthMicros < config.shortestPulseMicros) {
      this.faults.tooShort++;
      return;
    }
    if ((this.#position === 'open') === (direction === 'open')) return; // Latched there already.
    const delay = Math.max(1, Math.round(1000 * this.#delayMillis(direction, volt)));
    this.#motion = this.#clock.at(now + delay, () => {
      this.#motion = null;
      this.#operations++;
      this.#lastOperationAt = this.#clock.now();
      if (direction === 'open') this.#part(now);
      else this.#touch(now);
    });
  }

  /** The MCU died: the coil is no longer driven, and an armature that has not moved yet stays. */
  release(): void {
    if (this.#driven === null) return;
    this.#driven.end.cancel();
    this.#driven = null;
    this.#motion?.cancel();
    this.#motion = null;
    this.#moved();
  }

  #delayMillis(direction: SwitchDirection, volt: number): number {
    const config = this.#config;
    const idle = this.#clock.now() - this.#lastOperationAt > config.idleAfterMicros ? config.idleMillis : 0;
    return (
      this.#unitMillis[direction] +
      config.driftMillisPerCelsius * (this.#celsius - config.referenceCelsius) +
      config.driftMillisPerVolt * (volt - config.coilVolt) +
      config.wearMillisPerOperation * this.#operations +
      config.jitterSigmaMillis * this.#random.gaussian() +
      idle
    );
  }

  #part(pulsedAt: number): void {
    const now = this.#clock.now();
    const zeros = this.#circuit.currentZeros(now);
    const amp = this.#circuit.currentAt(now);
    this.#position = 'open';
    let arcJoule = 0;
    if (Math.abs(amp) > this.#config.arcAmp && zeros !== null) {
      arcJoule = this.#arc(now, zeros[1]);
      this.#contact = 'arcing';
      this.#clock.at(Math.ceil(zeros[1]), () => this.#interrupt());
    } else {
      this.#interrupt();
    }
    this.log.push(switching('open', pulsedAt, now, zeros, amp, arcJoule));
  }

  #touch(pulsedAt: number): void {
    const now = this.#clock.now();
    const zeros = this.#circuit.voltageZeros(now);
    const arcBefore = this.#arcJoule;
    this.#position = 'closed';
    this.#makeContact();
    const count = this.#random.integer(...this.#config.bounces);
    const [shortest, longest] = this.#config.bounceMillis;
    const whole = 1000 * (shortest + (longest - shortest) * this.#random.uniform());
    // Each bounce is a gap in the second part of its share of the time.
    let end = now;
    for (let bounce = 0; bounce < count; bounce++) {
      const from = now + Math.round((whole * (bounce + 0.2 + 0.6 * this.#random.uniform())) / count);
      end = now + Math.round((whole * (bounce + 1)) / count);
      const until = end;
      this.#clock.at(from, () => this.#bounce(until));
      this.#clock.at(until, () => this.#makeContact());
    }
    this.#clock.at(end, () => {
      this.log.push(switching('close', pulsedAt, now, zeros, 0, this.#arcJoule - arcBefore));
    });
  }

  /** A gap too short to put an arc out: with enough current it burns through, otherwise the circuit opens for a moment. */
  #bounce(until: number): void {
    const now = this.#clock.now();
    if (Math.abs(this.#circuit.currentAt(now)) > this.#config.arcAmp) {
      this.#arc(now, until);
      this.#contact = 'arcing';
    } else {
      this.#interrupt();
    }
  }

  /** Energy of an arc over a stretch of time: its voltage times the charge that passes, J. */
  #arc(from: number, to: number): number {
    const joule = this.#config.arcVolt * this.#circuit.absoluteCharge(from, to);
    this.#arcJoule += joule;
    return joule;
  }

  #makeContact(): void {
    this.#contact = 'closed';
    this.#touches++;
    if (!this.#circuit.conducts) this.#circuit.setConducts(true);
  }

  #interrupt(): void {
    this.#contact = 'open';
    if (this.#circuit.conducts) this.#circuit.setConducts(false);
  }

  #contactOhm(): number {
    const { contactOhm, wornContactOhm, wornArcJoule } = this.#config;
    return contactOhm + (wornContactOhm - contactOhm) * Math.min(1, this.#arcJoule / wornArcJoule);
  }
}

function switching(
  direction: SwitchDirection,
  pulsedAt: number,
  movedAt: number,
  zeros: readonly [number, number] | null,
  amp: number,
  arcJoule: number,
): Switching {
  const [zeroBefore, zeroAfter] = zeros ?? [null, null];
  let distanceMicros: number | null = null;
  if (zeroBefore !== null && zeroAfter !== null) {
    distanceMicros = movedAt - zeroBefore < zeroAfter - movedAt ? movedAt - zeroBefore : movedAt - zeroAfter;
  }
  return { direction, pulsedAt, movedAt, zeroBefore, zeroAfter, distanceMicros, amp, arcJoule };
}

function clip(value: number, [low, high]: readonly [number, number]): number {
  return Math.min(high, Math.max(low, value));
}
