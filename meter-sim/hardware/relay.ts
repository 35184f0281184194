/**
 * The latching relay (meter-hardware.md 3): two coils, an armature with a delay of its own that drifts and jitters and that
 * a magnet may hold or throw over, and the load contact. It keeps an append-only log of the truth, which no firmware sees.
 */
import type { RelayDriver, SwitchDirection } from '../firmware/hardware-interface.ts';
import type { Keeper } from '../firmware/keeper.ts';
import type { EventClock, ScheduledEvent } from '../world/event-clock.ts';
import type { RandomStream } from '../world/random.ts';
import type { Contact } from './captures.ts';
import type { Circuit } from './circuit.ts';
import { type ContactState, LoadContact, type Zeros } from './contact.ts';
import type { MagnetEffect, RelayConfig, RelayFaults, StuckCounts, Switching } from './relay-config.ts';

export class SimulatedRelay implements RelayDriver, Contact {
  readonly faults: RelayFaults = {
    otherCoilDriven: 0,
    sameCoilDriven: 0,
    tooShort: 0,
    coilTooLow: 0,
    supplyTooLow: 0,
  };
  readonly stuck: StuckCounts = { byWeld: 0, byMagnet: 0 };
  #log: Switching[] = [];
  readonly #config: RelayConfig;
  readonly #clock: EventClock;
  readonly #circuit: Circuit;
  readonly #random: RandomStream;
  readonly #contact: LoadContact;
  readonly #isOnHoldUp: () => boolean;
  #moved: () => void = () => {};
  readonly #unitMillis: Record<SwitchDirection, number>;
  #position: 'open' | 'closed';
  #operations: number;
  #celsius: number;
  #isHeld = false;
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
    this.#operations = config.operations;
    this.#celsius = config.referenceCelsius;
    this.#unitMillis = {
      open: clip(config.openingMillis + config.unitSigmaMillis * random.gaussian(), config.openingClipMillis),
      close: clip(
        config.closingMillis + config.unitSigmaMillis * random.gaussian(),
        config.closingClipMillis,
      ),
    };
    this.#contact = new LoadContact(clock, circuit, random, config);
  }

  keep(keeper: Keeper): void {
    keeper.idle(this.#driven === null && this.#motion === null, 'the relay moves');
    this.#log = keeper.value(this.#log);
    Object.assign(this.faults, keeper.value(this.faults));
    Object.assign(this.stuck, keeper.value(this.stuck));
    this.#position = keeper.value(this.#position);
    this.#operations = keeper.value(this.#operations);
    this.#celsius = keeper.value(this.#celsius);
    this.#isHeld = keeper.value(this.#isHeld);
    this.#lastOperationAt = keeper.value(this.#lastOperationAt);
    this.#contact.keep(keeper);
  }

  get log(): readonly Switching[] {
    return this.#log;
  }

  /** Hands the log over and begins a new one. */
  takeLog(): readonly Switching[] {
    const log = this.#log;
    this.#log = [];
    return log;
  }

  /** Where the armature stands or last stood; the contact may still bounce or arc. */
  get position(): 'open' | 'closed' {
    return this.#position;
  }

  get contact(): ContactState {
    return this.#contact.state;
  }

  /** From the start of a pulse to its end: the arc and the bounces lie within. */
  get isMoving(): boolean {
    return this.#driven !== null;
  }

  get touches(): number {
    return this.#contact.touches;
  }

  get operations(): number {
    return this.#operations;
  }

  /** Sum of all arcs, J. */
  get arcJoule(): number {
    return this.#contact.arcJoule;
  }

  /** The sum of all arcs as a share of what the contact bears; above 1 it is past its end of life. */
  get lifeUsed(): number {
    return this.#contact.arcJoule / this.#config.wornArcJoule;
  }

  get contactOhm(): number {
    return this.#contact.ohm;
  }

  get isWelded(): boolean {
    return this.#contact.isWelded;
  }

  get celsius(): number {
    return this.#celsius;
  }

  /** This unit's own delays before drift and jitter, ms. */
  get unitMillis(): Readonly<Record<SwitchDirection, number>> {
    return this.#unitMillis;
  }

  setCelsius(celsius: number): void {
    this.#celsius = celsius;
  }

  /** A closed contact welds as it stands. */
  weld(): void {
    this.#contact.weld();
  }

  /** A blow, or a current that blows the weld away. */
  breakWeld(): void {
    this.#contact.breakWeld();
  }

  /**
   * The field at the relay from now on, T. Above the threshold no pulse moves the armature; with `flip` its coming also
   * throws the armature over once.
   */
  setMagnet(tesla: number, effect: MagnetEffect): void {
    const wasHeld = this.#isHeld;
    this.#isHeld = tesla > this.#config.magnetTesla;
    if (wasHeld || !this.#isHeld) return;
    this.#motion?.cancel();
    this.#motion = null;
    if (effect === 'flip') this.#throw(this.#position === 'open' ? 'close' : 'open', this.#clock.now());
  }

  /** Tells the chip when the relay begins and ends to move. */
  onMoved(moved: () => void): void {
    this.#moved = moved;
  }

  dropVolt(volt: number, amp: number): number {
    return this.#contact.dropVolt(volt, amp);
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
    if (this.#isHeld) {
      this.stuck.byMagnet++;
      return;
    }
    const delay = Math.max(1, Math.round(1000 * this.#delayMillis(direction, volt)));
    this.#motion = this.#clock.at(now + delay, () => {
      this.#motion = null;
      this.#throw(direction, now);
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

  #throw(direction: SwitchDirection, pulsedAt: number): void {
    this.#lastOperationAt = this.#clock.now();
    if (direction === 'close') {
      this.#operations++;
      this.#touch(pulsedAt);
    } else if (this.#contact.letsGo()) {
      this.#operations++;
      this.#part(pulsedAt);
    } else {
      this.stuck.byWeld++;
    }
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
    this.#position = 'open';
    const { amp, arcJoule, zeros } = this.#contact.part();
    this.#log.push(switching('open', pulsedAt, this.#clock.now(), zeros, { amp, arcJoule, welded: false }));
  }

  #touch(pulsedAt: number): void {
    const now = this.#clock.now();
    const zeros = this.#circuit.voltageZeros(now);
    this.#position = 'closed';
    this.#contact.touch((arcJoule, welded) => {
      this.#log.push(switching('close', pulsedAt, now, zeros, { amp: 0, arcJoule, welded }));
    });
  }
}

function switching(
  direction: SwitchDirection,
  pulsedAt: number,
  movedAt: number,
  zeros: Zeros,
  { amp, arcJoule, welded }: { amp: number; arcJoule: number; welded: boolean },
): Switching {
  const [zeroBefore, zeroAfter] = zeros ?? [null, null];
  let distanceMicros: number | null = null;
  if (zeroBefore !== null && zeroAfter !== null) {
    distanceMicros = movedAt - zeroBefore < zeroAfter - movedAt ? movedAt - zeroBefore : movedAt - zeroAfter;
  }
  return { direction, pulsedAt, movedAt, zeroBefore, zeroAfter, distanceMicros, amp, arcJoule, welded };
}

function clip(value: number, [low, high]: readonly [number, number]): number {
  return Math.min(high, Math.max(low, value));
}
