/**
 * The meter's firmware: one object per power-up, driven by the hardware's callbacks alone (hardware-interface.ts).
 *
 * A token goes keypad or wire -> `lib/meter` -> journal -> account -> display and relay, in this order (token-door.ts): nothing
 * is shown or credited before its record has been read back. Energy goes chip -> whole mWh -> account (books.ts); when the
 * balance is gone the load switch opens.
 */
import type { MeterFactorySettings } from '../../lib/meter/state.ts';
import { Books } from './books.ts';
import { COMMS_EVENTS, CommsLink } from './comms-link.ts';
import { CreditDesk } from './credit-desk.ts';
import type { LoggedEvent } from './event-log.ts';
import type { EventGroup } from './events.ts';
import type { Cancellable, FirmwarePorts, KeypadKey, MeterHardware, Micros } from './hardware-interface.ts';
import { homePage } from './home-page.ts';
import type { LoadedState } from './journal.ts';
import type { Keeper } from './keeper.ts';
import { Keypad } from './keypad.ts';
import type { DatedEntry } from './metering/load-profile.ts';
import { profileStoreOn } from './metering/profile-store.ts';
import { Metering, MILLI_JOULE_PER_MILLI_WH } from './metering.ts';
import { DEFAULT_OPTIONS, type FirmwareOptions } from './options.ts';
import type { EntryOutcome } from './outcome.ts';
import { OverloadDesk } from './overload-desk.ts';
import { creditReadout, type FirmwareReadout, type FirmwareVitals } from './readout.ts';
import { outcomePages, Screen } from './screen.ts';
import { SwitchDesk } from './switch-desk.ts';
import { TamperDesk } from './tamper-desk.ts';
import { TokenDoor } from './token-door.ts';
import { pastTokens } from './token-history.ts';
import type { TestState } from './token-pages.ts';
import { TokenTests } from './token-tests.ts';
import { LiveVitals } from './vitals.ts';

export type FactorySettings = MeterFactorySettings;

export interface Firmware extends FirmwarePorts {
  /** The virtual carrier: `done` is called once, after the outcome is durable; never if the supply is lost first. */
  enterToken(tokenNo: string, done: (outcome: EntryOutcome) => void): void;
  readout(): FirmwareReadout;
  /** As they stand, now and whenever they are read: nothing is charged, nothing changes. */
  vitals(): FirmwareVitals;
  /** The last hundred events of a group, the newest first. */
  events(group: EventGroup): readonly LoggedEvent[];
  /** The number of the newest event in each group; 0 for none. */
  newestEvents(): Readonly<Record<EventGroup, number>>;
  /**
   * The production test: closes and opens the relay without load and learns its delays.
   * @param done - false when it was refused: current flows, a token was accepted already, or a test is under way.
   */
  calibrate(cycles: number, done: (learnt: boolean) => void): void;
  /** The utility's command over the load switch, above all others; it outlives a power cut until `none`. */
  commandSwitch(command: 'open' | 'close' | 'none'): void;
  /** Sets the clock. A lockout lasts as long as before: no time that is set shortens or stretches it. */
  setClock(epochSeconds: number): void;
  /** The load profile, oldest entry first. */
  loadProfile(): readonly DatedEntry[];
  /** The billing reset of the maximum demand. */
  resetDemand(): void;
  keep(keeper: Keeper): void;
}

export function createFirmware(
  hardware: MeterHardware,
  factory: FactorySettings,
  options: FirmwareOptions = DEFAULT_OPTIONS,
): Firmware {
  return new MeterFirmware(hardware, factory, options);
}

/** The keypad's rows, for the event of a stuck key. */
const KEYS: readonly KeypadKey[] = [...'123456789', 'backspace', '0', 'enter'] as KeypadKey[];

class MeterFirmware implements Firmware {
  readonly #hardware: MeterHardware;
  readonly #options: FirmwareOptions;
  readonly #books: Books;
  readonly #tokens: TokenDoor;
  readonly #credit: CreditDesk;
  readonly #screen: Screen;
  readonly #tests: TokenTests;
  readonly #keypad: Keypad;
  readonly #tamper: TamperDesk;
  readonly #overload: OverloadDesk;
  readonly #comms: CommsLink;
  readonly #metering: Metering;
  readonly #switch: SwitchDesk;
  readonly #vitals: LiveVitals;
  #checkpointTimer: Cancellable | undefined;
  /** When a record was last asked for. */
  #savedAt = 0;
  #keyed: string | undefined;
  /** Energy was counted behind an open contact through which nothing flows: somebody has led it past the meter. */
  #flowsPast = false;
  #alarm: Cancellable | undefined;
  #recovery: Cancellable | undefined;
  #hasRecovered = false;
  readonly #chargeNow = (): void => this.#charge();

  constructor(hardware: MeterHardware, factory: FactorySettings, options: FirmwareOptions) {
    this.#hardware = hardware;
    this.#options = options;
    this.#books = new Books(hardware, factory, options);
    this.#metering = new Metering(hardware, options.metering, profileStoreOn(this.#books.bus), {
      charge: () => this.#charge(),
      bandIs: (band) => this.#books.account.setBand(band),
      totalMilliWh: () => this.#books.account.totalMilliWh,
      save: () => {
        this.#save();
        this.#books.saveStatistics();
      },
    });
    this.#switch = new SwitchDesk(hardware, options.loadSwitch, this.#books, {
      isRunning: () => this.#vitals.status === 'running',
      charge: () => this.#charge(),
      save: (done) => this.#save(done),
      command: (board) => {
        this.#tamper.command(board);
        this.#overload.command(board);
      },
      switched: () => this.#tamper.switched(),
    });
    this.#vitals = new LiveVitals(this.#books, this.#metering, this.#switch);
    this.#screen = new Screen(hardware.display, hardware.timer, () => this.#home());
    this.#tokens = new TokenDoor(this.#books, hardware.rtc, options, {
      isOpen: () => this.#vitals.status === 'running',
      charge: () => this.#charge(),
      vital: (outcome) => this.#tamper.afterToken(outcome),
      entered: (outcome) => this.#entered(outcome),
    });
    this.#overload = new OverloadDesk(hardware, options.overload, this.#books, () => {
      this.#charge();
      this.#save();
      this.#switch.drive();
    });
    this.#tamper = new TamperDesk(hardware, options.tamper, this.#books, {
      isRelayOpen: () => this.#switch.state === 'open' || this.#switch.state === 'malfunction',
      charge: () => this.#charge(),
      save: (done) => this.#save(done),
      changed: () => this.#switch.drive(),
      tell: (code, isStart) => {
        if (isStart) this.#metering.markDisturbed();
        this.#comms.tell(code, isStart);
      },
    });
    this.#comms = this.#makeComms();
    this.#credit = new CreditDesk(hardware, options, this.#books, {
      isRunning: () => this.#vitals.status === 'running',
      charge: () => this.#charge(),
      save: (done) => this.#save(done),
      changed: () => this.#creditChanged(),
      show: (pages) => this.#screen.show(pages),
      lastResult: () => this.#tokens.lastResult,
    });
    this.#tests = new TokenTests(hardware.timer, {
      state: () => this.#testState(),
      isClosed: () => this.#switch.state === 'closed',
      open: (isActive) => this.#switch.setOpenTest(isActive),
    });
    this.#keypad = new Keypad(hardware.timer, options.keypadTimeOutMicros, {
      entryChanged: (text) => {
        this.#keyed = text;
      },
      tokenKeyed: (tokenNo) => this.enterToken(tokenNo, () => {}),
      codeKeyed: (digits) => this.#credit.codeKeyed(digits),
    });
  }

  boot(): void {
    const contents = this.#books.load();
    switch (contents.kind) {
      case 'state':
        if (contents.state.format === 1) {
          this.#format(contents.state);
          return;
        }
        this.#books.start(contents.state);
        this.#start();
        return;
      case 'blank':
        this.#format(undefined);
        return;
      case 'damaged':
        this.#failMemory();
        return;
    }
  }

  /** The first record of this format, on a new part or over what an older firmware has left. */
  #format(older: LoadedState | undefined): void {
    this.#books.format(older, (written) => {
      if (!written) {
        this.#failMemory();
        return;
      }
      this.#books.events.log(older === undefined ? 'formatted' : 'migrated', older?.format);
      this.#books.start(older);
      this.#start();
    });
  }

  keyPressed(key: KeypadKey): void {
    if (this.#vitals.status !== 'running' || this.#tokens.isBusy) return;
    this.#hardware.beep('key');
    this.#screen.show([]);
    // With no digit to take back it is the key that silences the low-credit alarm.
    if (key === 'backspace' && this.#keyed === undefined) this.#credit.mute();
    else this.#keypad.press(key);
  }

  enterToken(tokenNo: string, done: (outcome: EntryOutcome) => void): void {
    this.#tokens.enter(tokenNo, done);
  }

  powerFailing(): void {
    this.#tests.stop();
    this.#switch.stop();
    this.#keypad.clear();
    if (this.#vitals.status === 'running' || this.#vitals.status === 'power-failing') {
      this.#vitals.status = 'power-failing';
      this.#tamper.powerFailing();
      this.#overload.stop();
      this.#charge();
      this.#metering.powerFailing();
      // Behind the token that is being written, if it fits: the transaction in progress comes first (meter-hardware.md 4).
      this.#books.powerFailing();
      this.#save();
      this.#books.saveStatistics();
      this.#metering.flushProfile();
    }
    this.#recoverLater();
  }

  readout(): FirmwareReadout {
    if (this.#vitals.status === 'running') this.#charge();
    const { metering } = this.#hardware;
    const { state } = this.#books;
    return {
      meterPan: state.meterPan,
      voltageMilliVolt: metering.voltageMilliVolt(),
      currentMilliAmp: metering.currentMilliAmp(),
      powerMilliWatt: metering.powerMilliWatt(),
      display: this.#screen.shown,
      lastResult: this.#tokens.lastResult,
      lockedUntilSeconds: this.#locked() ? state.lockout.untilSeconds : 0,
      credit: creditReadout(this.#books.account, this.#options.credit),
      tidMemory: state.tidMemory,
      tokenHistory: pastTokens(this.#books.vital.tokenHistory),
      delays: this.#switch.delays(),
      switchLog: this.#switch.log,
      acceptanceLost: this.#books.acceptanceLost,
      switchAim: this.#switch.aim,
      tamper: this.#tamper.readout(),
      overload: this.#overload.state,
      comms: this.#comms.readout(),
      metering: this.#metering.readout(),
      ...this.#vitals.taken(),
    };
  }

  vitals(): FirmwareVitals {
    return this.#vitals;
  }

  events(group: EventGroup): readonly LoggedEvent[] {
    return this.#books.events.list(group);
  }

  newestEvents(): Readonly<Record<EventGroup, number>> {
    return this.#books.events.newest();
  }

  calibrate(cycles: number, done: (learnt: boolean) => void): void {
    this.#switch.calibrate(cycles, done);
  }

  commandSwitch(command: 'open' | 'close' | 'none'): void {
    if (this.#vitals.status === 'running') this.#switch.command(command);
  }

  setClock(epochSeconds: number): void {
    if (this.#vitals.status !== 'running') return;
    this.#charge();
    const { lockout } = this.#books;
    const step = epochSeconds - this.#hardware.rtc.epochSeconds();
    this.#metering.setClock(epochSeconds);
    const untilSeconds = lockout.untilSeconds === 0 ? 0 : Math.max(0, lockout.untilSeconds + step);
    this.#books.setState({ lockout: { ...lockout, untilSeconds } });
    this.#credit.clockSet();
    this.#save();
  }

  loadProfile(): readonly DatedEntry[] {
    return this.#metering.profile();
  }

  resetDemand(): void {
    if (this.#vitals.status === 'running') this.#metering.resetDemand();
  }

  #start(): void {
    this.#savedAt = this.#hardware.timer.now();
    if (this.#books.acceptanceLost) this.#books.events.log('acceptanceLost');
    this.#switch.start();
    this.#vitals.status = 'running';
    this.#metering.start(this.#books.vital.metering, this.#books.statistics.metering);
    this.#checkpointLater();
    this.#screen.show([]);
    this.#credit.start();
    this.#tamper.start();
    this.#overload.start();
    this.#comms.start();
    this.#listenToKeys();
    this.#charge();
    this.#switch.drive();
  }

  #listenToKeys(): void {
    this.#hardware.keypad.onStuck((key) => this.#books.events.log('keyStuck', KEYS.indexOf(key)));
  }

  keep(keeper: Keeper): void {
    this.#vitals.keep(keeper);
    const { status } = this.#vitals;
    keeper.idle(status === 'running' || status === 'power-failing', `the firmware is ${status}`);
    this.#books.keepAll(keeper);
    this.#metering.keep(keeper);
    // The load side is heard in the order in which it was listened to, and a switch that was made anew came last.
    this.#hasRecovered = keeper.value(this.#hasRecovered);
    if (!this.#hasRecovered) this.#switch.keep(keeper);
    this.#tamper.keep(keeper);
    if (this.#hasRecovered) this.#switch.keep(keeper);
    this.#overload.keep(keeper);
    this.#comms.keep(keeper);
    this.#credit.keep(keeper);
    this.#tokens.keep(keeper);
    this.#tests.keep(keeper);
    this.#keypad.keep(keeper);
    this.#screen.keep(keeper);
    this.#keepOwn(keeper);
  }

  #keepOwn(keeper: Keeper): void {
    const { timer, metering } = this.#hardware;
    this.#savedAt = keeper.value(this.#savedAt);
    this.#keyed = keeper.value(this.#keyed);
    this.#flowsPast = keeper.value(this.#flowsPast);
    this.#checkpointTimer = keeper.handle(this.#checkpointTimer, () => this.#checkpointAt(timer.now()));
    this.#alarm = keeper.handle(this.#alarm, () => metering.alarmAfter(1, this.#chargeNow));
    this.#recovery = keeper.handle(this.#recovery, () => this.#recoverAt(timer.now()));
    if (keeper.isWaking) this.#listenToKeys();
  }

  /** Still alive long after the signal: the dip was shorter than the hold-up, and the books in hand are the right ones. */
  #recoverLater(): void {
    this.#recovery?.cancel();
    this.#recovery = this.#recoverAt(this.#hardware.timer.now() + this.#options.recoveryMicros);
  }

  #recoverAt(time: Micros): Cancellable {
    const { timer, metering } = this.#hardware;
    return timer.at(time, () => {
      if (metering.voltageMilliVolt() < this.#options.loadSwitch.lowestVoltageMilliVolt) this.#recoverLater();
      else this.#recover();
    });
  }

  #recover(): void {
    if (this.#vitals.status !== 'power-failing' && this.#vitals.status !== 'memory-fault') return;
    this.#switch.recover();
    this.#hasRecovered = true;
    if (this.#vitals.status === 'memory-fault') {
      this.#switch.failMemory();
      return;
    }
    this.#vitals.status = 'running';
    this.#books.powerIsBack();
    this.#tamper.recovered();
    this.#overload.start();
    this.#checkpointLater();
    this.#credit.start();
    this.#charge();
    this.#metering.resume();
    this.#switch.drive();
  }

  /** Without a journal nothing can be credited or charged: the relay opens and the fault stands on the glass. */
  #failMemory(): void {
    this.#vitals.status = 'memory-fault';
    this.#switch.failMemory();
    this.#screen.show([]);
  }

  #makeComms(): CommsLink {
    return new CommsLink(this.#hardware, this.#options.comms, {
      meterPan: () => this.#books.meterPan,
      state: () => this.#books.vital.comms,
      keep: (state) => this.#books.keep('comms', state),
      enterToken: (tokenNo, done) => this.enterToken(tokenNo, done),
      reading: () => {
        if (this.#vitals.status === 'running') this.#charge();
        const { totalMilliWh, paidMilliWh } = this.#books.account;
        const isRelayClosed = this.#switch.state === 'closed';
        return { totalMilliWh, balanceMilliWh: paidMilliWh, isRelayClosed, tampers: this.#tamper.bits };
      },
      happened: (event) => this.#books.events.log(COMMS_EVENTS[event]),
    });
  }

  /** Adds what the chip has counted to the books and sees to what follows from it. */
  #charge(): void {
    const energy = this.#books.charge((counted) => this.#tamper.besides(counted));
    if (energy > 0) this.#switch.energyCounted();
    this.#flowsPast = energy > 0 && this.#switch.state === 'open';
    if (this.#vitals.status !== 'running') return;
    if (this.#books.unsavedMilliWh >= this.#options.checkpointMilliWh) this.#save();
    if (!this.#books.account.maySupply) this.#switch.drive();
    this.#credit.charged();
    this.#tamper.charged(this.#books.account.milliWhLeft);
    this.#setAlarm();
  }

  #creditChanged(): void {
    this.#switch.drive();
    if (this.#vitals.status === 'running') this.#setAlarm();
  }

  /**
   * One energy alarm for whichever comes first: the checkpoint, the next low-credit level, the moment to watch the zeros, the
   * end of the credit. The way to that moment is halved each time, so that a load that grew is noticed.
   */
  #setAlarm(): void {
    this.#alarm?.cancel();
    const { account, unsavedMilliWh } = this.#books;
    const left = account.milliWhLeft;
    let next = Math.min(
      Math.max(this.#options.checkpointMilliWh - unsavedMilliWh, 1),
      account.milliWhToLevel,
      left,
    );
    // Behind an open contact the first energy tells that it did not obey; past it energy may flow for as long as it likes.
    if (this.#switch.state === 'open')
      next = this.#flowsPast ? Math.max(this.#options.checkpointMilliWh - unsavedMilliWh, 1) : 1;
    if (this.#switch.state === 'closed') {
      const margin = this.#prepareMilliWh();
      if (left <= margin) {
        this.#switch.prepareOpening();
      } else {
        this.#switch.relax();
        next = Math.min(next, Math.max(left - margin, 1), Math.ceil(left / 2));
      }
    }
    const milliJoule = this.#books.counter.milliJouleUntil(next);
    this.#alarm = this.#hardware.metering.alarmAfter(milliJoule, this.#chargeNow);
  }

  #prepareMilliWh(): number {
    const { preparePowerMilliWatt, prepareMicros } = this.#options;
    const power = Math.max(this.#hardware.metering.powerMilliWatt(), preparePowerMilliWatt);
    const milliJoule = (power * prepareMicros) / 1_000_000;
    return Math.ceil(milliJoule / MILLI_JOULE_PER_MILLI_WH);
  }

  /** A token's outcome is durable: what follows from it, and the customer is told. */
  #entered(outcome: EntryOutcome): void {
    this.#credit.tokenEntered();
    this.#tamper.tokenEntered(outcome.result !== 'Accept' && outcome.result !== 'Lockout' && this.#locked());
    this.#overload.tokenEntered();
    this.#charge();
    this.#switch.drive();
    if (this.#vitals.status !== 'running') return;
    this.#hardware.beep(outcome.result === 'Accept' ? 'accept' : 'reject');
    const now = this.#hardware.rtc.epochSeconds();
    const pages = outcomePages(outcome, now, this.#options.meter, this.#options.credit.currencyLabel);
    const isTest = outcome.result === 'Accept' && outcome.effect.kind === 'display';
    this.#screen.show(isTest ? [...pages, ...this.#tests.run(outcome.effect.token)] : pages);
  }

  #testState(): TestState {
    const { state, account, vital } = this.#books;
    return {
      meter: state,
      totalMilliWh: account.totalMilliWh,
      powerMilliWatt: this.#hardware.metering.powerMilliWatt(),
      isTampered: state.extension.isTampered || vital.tamper.latched !== 0,
    };
  }

  #checkpointLater(): void {
    this.#checkpointTimer?.cancel();
    this.#checkpointTimer = this.#checkpointAt(this.#savedAt + this.#options.checkpointMicros);
  }

  #checkpointAt(time: Micros): Cancellable {
    const { timer } = this.#hardware;
    return timer.at(time, () => {
      if (this.#vitals.status !== 'running') return;
      // A record that was asked for meanwhile has put the checkpoint off.
      if (timer.now() >= this.#savedAt + this.#options.checkpointMicros) {
        this.#charge();
        this.#save();
        this.#books.saveStatistics();
      }
      this.#checkpointLater();
    });
  }

  #save(done: (written: boolean) => void = () => {}): void {
    this.#switch.bringUp();
    this.#tamper.bringUp();
    this.#overload.bringUp();
    this.#books.keep('metering', this.#metering.vital());
    this.#books.keepStatistics('metering', this.#metering.statistics());
    this.#savedAt = this.#hardware.timer.now();
    this.#books.save(done);
  }

  #locked(): boolean {
    return this.#hardware.rtc.epochSeconds() < this.#books.lockout.untilSeconds;
  }

  /** What the chip has counted since the last charge, for the glass. */
  #uncharged(): number {
    return this.#vitals.status === 'running' ? this.#books.counter.peek() : 0;
  }

  #home(): ReturnType<typeof homePage> {
    return homePage({
      status: this.#vitals.status,
      keyed: this.#keyed,
      ...this.#books.account.glance(this.#uncharged(), this.#hardware.rtc.epochSeconds()),
      relay: this.#switch.state,
      isBusy: this.#tokens.isBusy,
      isLocked: this.#locked(),
      tamperText: this.#tamper.text ?? this.#overload.text,
      isTampered: this.#tamper.isShown,
    });
  }
}
