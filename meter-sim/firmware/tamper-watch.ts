/**
 * Watches for tampering by interrupts and timers set for the moment that matters, and never by looking again: covers, magnet,
 * unequal currents, energy fed back, voltage behind an open relay (meter-hardware.md 5). What it sees goes to the state of
 * tamper.ts and to whoever logs events.
 */
import type {
  Cancellable,
  Cover,
  CoverSwitches,
  HallSensor,
  McuTimer,
  Micros,
} from './hardware-interface.ts';
import type { Keeper } from './keeper.ts';
import {
  DEFAULT_TAMPER_RULES,
  includes,
  setOf,
  TAMPER_KINDS,
  type TamperKind,
  type TamperRules,
  type TamperSet,
  type TamperState,
  tamperCleared,
  tamperCommissioned,
  tamperSeen,
  tamperText,
  tamperTrips,
} from './tamper.ts';

export interface TamperOptions {
  readonly rules: TamperRules;
  readonly coverDebounceMicros: Micros;
  /** Field at the sensor at which the magnet counts, and below which it is gone, µT; for so long it must stand. */
  readonly magnetOperateMicroTesla: number;
  readonly magnetReleaseMicroTesla: number;
  readonly magnetMicros: Micros;
  /** Whether energy is charged at Imax while the field is strong enough to influence the measurement, and from which field. */
  readonly billsInfluenceAtImax: boolean;
  readonly influenceMicroTesla: number;
  /** Un times Imax. */
  readonly imaxMilliWatt: number;
  /** The share by which the smaller current falls short, where it ends, and for how long it must last. */
  readonly imbalancePermille: number;
  readonly imbalanceReleasePermille: number;
  readonly imbalanceMicros: Micros;
  readonly neutralMissingMilliAmp: number;
  readonly neutralMissingMilliVolt: number;
  readonly reverseMilliJoule: number;
  /** Voltage behind an open relay that counts, and for how long it must stand. */
  readonly loadSideMilliVolt: number;
  readonly loadSideMicros: Micros;
}

const SECOND = 1_000_000;

export const DEFAULT_TAMPER: TamperOptions = {
  rules: DEFAULT_TAMPER_RULES,
  coverDebounceMicros: 100_000,
  magnetOperateMicroTesla: 6_900,
  magnetReleaseMicroTesla: 3_500,
  magnetMicros: SECOND,
  billsInfluenceAtImax: false,
  influenceMicroTesla: 50_000, // Assumed: the reference names no field from which a current transformer saturates.
  imaxMilliWatt: 23_000_000,
  imbalancePermille: 60,
  imbalanceReleasePermille: 50,
  imbalanceMicros: 10 * SECOND,
  neutralMissingMilliAmp: 2_000,
  // 5 % of Un, where EN 50160 ends a dip: in a dip the load's current flows on, and nobody has touched the neutral (assumed).
  neutralMissingMilliVolt: 11_500,
  reverseMilliJoule: 18_000_000, // 5 Wh.
  loadSideMilliVolt: 50_000,
  loadSideMicros: SECOND, // Assumed: a motor that runs down feeds back for less.
};

/** The parts that see a hand. */
export interface TamperSenses {
  readonly timer: McuTimer;
  readonly covers: CoverSwitches;
  readonly hall: HallSensor;
  readonly metering: {
    exportMilliJoule(): number;
    exportAlarmAfter(energyMilliJoule: number, run: () => void): Cancellable;
    selectCurrent(path: 'line' | 'neutral'): void;
    currentMilliAmp(): number;
    neutralMilliAmp(): number;
    halfCycleMilliVolt(): number;
    captureLevel(
      quantity: 'current' | 'imbalance',
      levels: { readonly threshold: number; readonly release: number },
      handler: (isAbove: boolean) => void,
    ): Cancellable;
  };
  readonly loadSide: {
    milliVolt(): number;
    onLive(run: (isLive: boolean) => void): Cancellable;
  };
}

export interface TamperHooks {
  state(): TamperState;
  /** Takes the new state and makes it durable; `saved` runs when it is. */
  keep(state: TamperState, saved?: () => void): void;
  /** One call when something begins and one when it ends, for the event log. */
  happened(kind: TamperKind, isStart: boolean): void;
  /** What holds the relay, or what the glass shows, may have changed. */
  changed(): void;
  /** The contact is thought to stand open. */
  isRelayOpen(): boolean;
  /** Energy up to now must be charged: the way it is reckoned changes after this call. */
  charge(): void;
}

const COVERS: readonly (readonly [Cover, TamperKind])[] = [
  ['meter', 'meter-cover'],
  ['terminal', 'terminal-cover'],
];

export class TamperWatch {
  readonly #hardware: TamperSenses;
  readonly #options: TamperOptions;
  readonly #hooks: TamperHooks;
  readonly #timers = new Map<TamperKind, Cancellable>();
  #present: TamperSet = 0;
  #reverseAlarm: Cancellable | undefined;
  /** The export register when `reverseMilliJoule` was last brought up. */
  #exported = 0;
  #imbalanceWatch: Cancellable | undefined;
  #neutralWatch: Cancellable | undefined;
  /** Since when energy is charged at Imax; undefined while it is not. */
  #influencedSince: Micros | undefined;
  readonly #fedBack = (): void => {
    this.#begin('reverse-energy');
    this.#end('reverse-energy');
  };

  constructor(hardware: TamperSenses, options: TamperOptions, hooks: TamperHooks) {
    this.#hardware = hardware;
    this.#options = options;
    this.#hooks = hooks;
  }

  /** What lasts at this moment. */
  get present(): TamperSet {
    return this.#present;
  }

  /** What holds the relay open. */
  get trips(): TamperSet {
    return tamperTrips(this.#hooks.state(), this.#present, this.#options.rules);
  }

  /** What the glass shows in place of the balance. */
  get text(): string | undefined {
    return tamperText(this.#hooks.state(), this.#present, this.#options.rules);
  }

  /** Whether the raised hand is lit. */
  get isShown(): boolean {
    return (this.#hooks.state().latched | this.#present) !== 0;
  }

  /** Arms everything; once after each reset. What stood open in the dark is found here. */
  start(): void {
    this.#listenToCovers();
    for (const [cover, kind] of COVERS) this.#findOpened(cover, kind);
    this.#listen();
    this.#imbalanceWatch = this.#captureImbalance();
    this.#exported = this.#hardware.metering.exportMilliJoule();
    this.#awaitReverse();
  }

  keep(keeper: Keeper): void {
    const { timer, metering } = this.#hardware;
    this.#present = keeper.value(this.#present);
    this.#exported = keeper.value(this.#exported);
    this.#influencedSince = keeper.value(this.#influencedSince);
    for (const kind of TAMPER_KINDS) {
      const waiting = keeper.handle(this.#timers.get(kind), () =>
        timer.at(timer.now(), () => this.#lasted(kind)),
      );
      if (waiting !== undefined) this.#timers.set(kind, waiting);
    }
    this.#imbalanceWatch = keeper.handle(this.#imbalanceWatch, () => this.#captureImbalance());
    this.#neutralWatch = keeper.handle(this.#neutralWatch, () => this.#captureNeutral());
    this.#reverseAlarm = keeper.handle(this.#reverseAlarm, () => metering.exportAlarmAfter(1, this.#fedBack));
    if (!keeper.isWaking) return;
    this.#listenToCovers();
    this.#listen();
  }

  /** The load switch finished an operation: what is live behind an open contact is not the mains. */
  switched(): void {
    this.#lookBehindRelay();
  }

  /** A wrong token barred the door. */
  lockedOut(): void {
    this.#begin('brute-force');
    this.#end('brute-force');
  }

  /** A clear-tamper token was accepted. The state is the caller's to journal with the token. */
  cleared(state: TamperState): TamperState {
    this.#exported = this.#hardware.metering.exportMilliJoule();
    return tamperCleared(state, this.#present);
  }

  /** A meter-specific token was accepted. As {@link cleared}. */
  commissioned(state: TamperState): TamperState {
    return tamperCommissioned(state, this.#present);
  }

  /** After a clearing or a commissioning is durable. */
  released(): void {
    this.#awaitReverse();
    this.#hooks.changed();
  }

  /** The state with the energy that was fed back since; whoever asks keeps it. */
  broughtUp(): TamperState {
    const state = this.#hooks.state();
    const back = this.#exportedSince();
    this.#exported = this.#hardware.metering.exportMilliJoule();
    if (back === 0) return state;
    return {
      latched: state.latched,
      isCommissioned: state.isCommissioned,
      reverseMilliJoule: state.reverseMilliJoule + back,
    };
  }

  /**
   * The supply sinks. A current that flows on without a voltage returns past the neutral: the register that closes while the
   * capacitor lasts tells, and not the one of before.
   */
  powerFailing(): void {
    this.#neutralWatch ??= this.#captureNeutral();
  }

  /** The supply stands again. */
  recovered(): void {
    this.#neutralWatch?.cancel();
    this.#neutralWatch = undefined;
    this.#end('neutral-missing');
  }

  /** Energy is about to be charged: while the currents differ it is formed with the larger one. */
  chooseCurrent(): void {
    if (!includes(this.#present, 'bypass')) return;
    const { metering } = this.#hardware;
    metering.selectCurrent(metering.neutralMilliAmp() > metering.currentMilliAmp() ? 'neutral' : 'line');
  }

  /**
   * Energy that is charged besides what the chip has counted, mJ: what Imax would have drawn more since the last call.
   * @param countedMilliJoule - by the chip since the last call.
   */
  influenceMilliJoule(countedMilliJoule: number): number {
    if (this.#influencedSince === undefined) return 0;
    const now = this.#hardware.timer.now();
    const atImax = Math.floor((this.#options.imaxMilliWatt * (now - this.#influencedSince)) / SECOND);
    this.#influencedSince = now;
    // Behind an open contact nothing flows.
    if (this.#hooks.isRelayOpen()) return 0;
    return Math.max(0, atImax - countedMilliJoule);
  }

  /** Whether energy is charged at Imax now, so that the caller reckons when the credit will be gone. */
  get isInfluenced(): boolean {
    return this.#influencedSince !== undefined;
  }

  #listenToCovers(): void {
    this.#hardware.covers.onChange((cover) => this.#coverMoved(cover));
  }

  #listen(): void {
    const { hall, loadSide } = this.#hardware;
    const { magnetOperateMicroTesla, magnetReleaseMicroTesla } = this.#options;
    hall.onField(magnetOperateMicroTesla, magnetReleaseMicroTesla, (isStrong) =>
      this.#after('magnet', isStrong, this.#options.magnetMicros),
    );
    if (this.#options.billsInfluenceAtImax) this.#watchInfluence();
    loadSide.onLive(() => this.#lookBehindRelay());
  }

  #captureImbalance(): Cancellable {
    const { imbalancePermille, imbalanceReleasePermille } = this.#options;
    return this.#hardware.metering.captureLevel(
      'imbalance',
      { threshold: imbalancePermille, release: imbalanceReleasePermille },
      (isAbove) => this.#after('bypass', isAbove, this.#options.imbalanceMicros),
    );
  }

  #captureNeutral(): Cancellable {
    const { metering } = this.#hardware;
    const { neutralMissingMilliAmp, neutralMissingMilliVolt } = this.#options;
    return metering.captureLevel(
      'current',
      { threshold: neutralMissingMilliAmp, release: neutralMissingMilliAmp },
      (isAbove) => {
        if (isAbove && metering.halfCycleMilliVolt() < neutralMissingMilliVolt)
          this.#begin('neutral-missing');
        else if (!isAbove) this.#end('neutral-missing');
      },
    );
  }

  /** What the battery's latch remembers of the time without supply. */
  #findOpened(cover: Cover, kind: TamperKind): void {
    const { covers } = this.#hardware;
    if (!covers.wasOpened(cover)) {
      if (covers.isOpen(cover)) this.#coverMoved(cover);
      return;
    }
    this.#begin(kind, () => covers.forgetOpened(cover));
    if (!covers.isOpen(cover)) this.#end(kind);
  }

  /** Every edge begins the debounce again. */
  #coverMoved(cover: Cover): void {
    this.#in(cover === 'meter' ? 'meter-cover' : 'terminal-cover', this.#options.coverDebounceMicros);
  }

  #coverRests(cover: Cover, kind: TamperKind): void {
    const { covers } = this.#hardware;
    const forget = (): void => covers.forgetOpened(cover);
    if (covers.isOpen(cover)) this.#begin(kind);
    else if (includes(this.#present, kind)) {
      this.#end(kind);
      this.#latch(kind, forget);
    } else if (covers.wasOpened(cover)) {
      // The battery's latch holds an opening that the debounce swallowed.
      this.#begin(kind, forget);
      this.#end(kind);
    }
  }

  #lookBehindRelay(): void {
    if (!this.#isLiveBehindRelay()) this.#after('load-side-voltage', false, 0);
    else if (!this.#timers.has('load-side-voltage') && !includes(this.#present, 'load-side-voltage'))
      this.#in('load-side-voltage', this.#options.loadSideMicros);
  }

  #isLiveBehindRelay(): boolean {
    return (
      this.#hooks.isRelayOpen() && this.#hardware.loadSide.milliVolt() >= this.#options.loadSideMilliVolt
    );
  }

  #watchInfluence(): void {
    const { influenceMicroTesla, magnetReleaseMicroTesla } = this.#options;
    const release = Math.max(magnetReleaseMicroTesla, Math.floor(influenceMicroTesla / 2));
    this.#hardware.hall.onField(influenceMicroTesla, release, (isStrong) => {
      this.#hooks.charge();
      this.#influencedSince = isStrong ? this.#hardware.timer.now() : undefined;
      this.#hooks.charge();
    });
  }

  #exportedSince(): number {
    const back = this.#hardware.metering.exportMilliJoule() - this.#exported;
    return back < 0 ? back + 2 ** 48 : back;
  }

  /** One event until it is released: a roof full of panels would otherwise wear the memory out. */
  #awaitReverse(): void {
    this.#reverseAlarm?.cancel();
    const state = this.#hooks.state();
    if (includes(state.latched, 'reverse-energy')) return;
    const left = this.#options.reverseMilliJoule - state.reverseMilliJoule - this.#exportedSince();
    this.#reverseAlarm = this.#hardware.metering.exportAlarmAfter(Math.max(1, left), this.#fedBack);
  }

  /** Begins when `isThere` has lasted for `micros`, ends at once. */
  #after(kind: TamperKind, isThere: boolean, micros: Micros): void {
    if (isThere) this.#in(kind, micros);
    else {
      this.#timers.get(kind)?.cancel();
      this.#timers.delete(kind);
      this.#end(kind);
    }
  }

  #in(kind: TamperKind, micros: Micros): void {
    const { timer } = this.#hardware;
    this.#timers.get(kind)?.cancel();
    this.#timers.set(
      kind,
      timer.at(timer.now() + micros, () => this.#lasted(kind)),
    );
  }

  /** What may be a tamper of this kind has lasted for long enough to be looked at. */
  #lasted(kind: TamperKind): void {
    this.#timers.delete(kind);
    if (kind === 'meter-cover') this.#coverRests('meter', kind);
    else if (kind === 'terminal-cover') this.#coverRests('terminal', kind);
    else if (kind !== 'load-side-voltage' || this.#isLiveBehindRelay()) this.#begin(kind);
  }

  /** Latches a kind; `saved` runs when that is durable, which it may be already. */
  #latch(kind: TamperKind, saved: () => void = () => {}): void {
    const state = this.#hooks.state();
    const after = tamperSeen(state, kind, this.#options.rules);
    if (after === state) saved();
    else this.#hooks.keep(after, saved);
  }

  #begin(kind: TamperKind, saved?: () => void): void {
    if (includes(this.#present, kind)) return;
    this.#hooks.charge();
    this.#present |= setOf(kind);
    this.#hooks.happened(kind, true);
    this.#latch(kind, saved);
    this.#chosen(kind);
    this.#hooks.changed();
  }

  #end(kind: TamperKind): void {
    if (!includes(this.#present, kind)) return;
    this.#hooks.charge();
    this.#present &= ~setOf(kind);
    this.#hooks.happened(kind, false);
    this.#chosen(kind);
    this.#hooks.changed();
  }

  #chosen(kind: TamperKind): void {
    if (kind !== 'bypass') return;
    if (includes(this.#present, 'bypass')) this.chooseCurrent();
    else this.#hardware.metering.selectCurrent('line');
  }
}
