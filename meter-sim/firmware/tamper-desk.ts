/**
 * Joins the tamper watch to the rest of the firmware: its latch to the books, its trips to the table of switch commands, what
 * it sees to the event log and the communications module.
 */
import type { Books } from './books.ts';
import type { EventName } from './events.ts';
import type { MeterHardware } from './hardware-interface.ts';
import type { Keeper } from './keeper.ts';
import { MILLI_JOULE_PER_MILLI_WH } from './metering.ts';
import type { EntryOutcome } from './outcome.ts';
import type { VitalState } from './records.ts';
import type { SwitchBoard } from './switch-commands.ts';
import {
  includes,
  kindsIn,
  TAMPER_KINDS,
  type TamperKind,
  type TamperSet,
  type TamperState,
} from './tamper.ts';
import { type TamperOptions, TamperWatch } from './tamper-watch.ts';

export interface TamperDeskHooks {
  isRelayOpen(): boolean;
  charge(): void;
  save(done: (written: boolean) => void): void;
  /** The relay's commands may have changed. */
  changed(): void;
  /** For the head-end: the kind's place in {@link TAMPER_KINDS}, from 1. */
  tell(code: number, isStart: boolean): void;
}

/** What a panel may show. */
export interface TamperReadout {
  readonly present: readonly TamperKind[];
  readonly latched: readonly TamperKind[];
  readonly isCommissioned: boolean;
}

/** The lockout has an event of its own. */
const EVENTS: Readonly<Record<TamperKind, EventName | undefined>> = {
  'meter-cover': 'meterCoverOpened',
  'terminal-cover': 'terminalCoverOpened',
  magnet: 'magnet',
  'load-side-voltage': 'loadSideVoltage',
  bypass: 'currentsUnequal',
  'neutral-missing': 'neutralMissing',
  'reverse-energy': 'reverseEnergy',
  'brute-force': undefined,
};

const NO_CHANGE: Partial<VitalState> = {};

export class TamperDesk {
  readonly #books: Books;
  readonly #options: TamperOptions;
  readonly #timer: MeterHardware['timer'];
  readonly #hooks: TamperDeskHooks;
  readonly #watch: TamperWatch;
  /** Latched since the last token was judged. */
  #latchedMeanwhile: TamperSet = 0;
  #chargeTimer: { cancel(): void } | undefined;
  readonly #chargeNow = (): void => this.#hooks.charge();

  constructor(hardware: MeterHardware, options: TamperOptions, books: Books, hooks: TamperDeskHooks) {
    this.#books = books;
    this.#options = options;
    this.#timer = hardware.timer;
    this.#hooks = hooks;
    this.#watch = new TamperWatch(hardware, options, {
      state: () => books.vital.tamper,
      keep: (state, saved) => this.#keep(state, saved),
      happened: (kind, isStart) => this.#happened(kind, isStart),
      changed: () => hooks.changed(),
      isRelayOpen: () => hooks.isRelayOpen(),
      charge: () => hooks.charge(),
    });
  }

  /** What the glass shows in place of the balance, and whether the raised hand is lit. */
  get text(): string | undefined {
    return this.#watch.text;
  }

  get isShown(): boolean {
    return this.#watch.isShown;
  }

  readout(): TamperReadout {
    const { latched, isCommissioned } = this.#books.vital.tamper;
    return { present: kindsIn(this.#watch.present), latched: kindsIn(latched), isCommissioned };
  }

  /** Bits of what lasts or is latched, for a reading. */
  get bits(): number {
    return this.#watch.present | this.#books.vital.tamper.latched;
  }

  start(): void {
    this.#mirror(this.#books.vital.tamper);
    this.#watch.start();
  }

  /** Raises and withdraws the commands of the tamper rows. */
  command(board: SwitchBoard): void {
    const { trips } = this.#watch;
    const isOther = kindsIn(trips).some((kind) => kind !== 'meter-cover' && kind !== 'terminal-cover');
    board.set('meterCover', includes(trips, 'meter-cover'));
    board.set('terminalCover', includes(trips, 'terminal-cover'));
    board.set('tamper', isOther);
  }

  switched(): void {
    this.#watch.switched();
  }

  powerFailing(): void {
    this.#watch.powerFailing();
  }

  recovered(): void {
    this.#watch.recovered();
  }

  /** Before a record is written. */
  bringUp(): void {
    const state = this.#watch.broughtUp();
    if (state !== this.#books.vital.tamper) this.#books.keep('tamper', state);
  }

  /** What an accepted token makes of the latch: it belongs into the token's own record. */
  afterToken(outcome: EntryOutcome): Partial<VitalState> {
    if (outcome.result !== 'Accept' || outcome.effect.kind === 'display') return NO_CHANGE;
    const before = this.#books.vital.tamper;
    const isClear = outcome.effect.kind === 'tamperCleared';
    const tamper = this.#watch.commissioned(isClear ? this.#watch.cleared(before) : before);
    this.#latchedMeanwhile = 0;
    return tamper === before ? NO_CHANGE : { tamper };
  }

  /** An outcome is durable. What was latched while its record was written was not in that record. */
  tokenEntered(isLockedOut: boolean): void {
    const { tamper } = this.#books.vital;
    const latched = tamper.latched | this.#latchedMeanwhile;
    if (latched !== tamper.latched) this.#keep({ ...tamper, latched });
    if (isLockedOut) this.#watch.lockedOut();
    this.#mirror(this.#books.vital.tamper);
    this.#watch.released();
  }

  /** mJ to charge besides what the chip has counted since the last charge. */
  besides(countedMilliJoule: number): number {
    return this.#watch.influenceMilliJoule(countedMilliJoule);
  }

  /**
   * Energy was charged. While it is reckoned from Imax no alarm of the chip tells when the credit ends.
   * @param milliWhLeft - until the supply ends; Infinity while it does not.
   */
  charged(milliWhLeft: number): void {
    this.#watch.chooseCurrent();
    this.#chargeTimer?.cancel();
    this.#chargeTimer = undefined;
    if (!this.#watch.isInfluenced || !(milliWhLeft < Number.POSITIVE_INFINITY && milliWhLeft > 0)) return;
    const seconds = (milliWhLeft * MILLI_JOULE_PER_MILLI_WH) / this.#options.imaxMilliWatt;
    this.#chargeTimer = this.#timer.at(this.#timer.now() + Math.ceil(seconds * 1e6), this.#chargeNow);
  }

  keep(keeper: Keeper): void {
    this.#latchedMeanwhile = keeper.value(this.#latchedMeanwhile);
    this.#watch.keep(keeper);
    const timer = this.#timer;
    this.#chargeTimer = keeper.handle(this.#chargeTimer, () => timer.at(timer.now(), this.#chargeNow));
  }

  #keep(state: TamperState, saved: () => void = () => {}): void {
    this.#latchedMeanwhile |= state.latched & ~this.#books.vital.tamper.latched;
    this.#books.keep('tamper', state);
    this.#mirror(state);
    this.#hooks.save((written) => {
      if (written) saved();
    });
  }

  /** The token application shows the tamper status and lets the token release it. */
  #mirror({ latched }: TamperState): void {
    const { extension } = this.#books.state;
    if (extension.isTampered === (latched !== 0)) return;
    this.#books.setState({ extension: { ...extension, isTampered: latched !== 0 } });
  }

  #happened(kind: TamperKind, isStart: boolean): void {
    const event = EVENTS[kind];
    if (event !== undefined) this.#books.events.log(event, isStart ? 1 : 0);
    this.#hooks.tell(TAMPER_KINDS.indexOf(kind) + 1, isStart);
  }
}
