/**
 * The meter's firmware: one object per power-up, driven by the hardware's callbacks alone (hardware-interface.ts).
 *
 * A token goes keypad or wire -> `lib/meter` -> journal -> account -> display and relay, in this order: nothing is shown or
 * credited before its record has been read back. Energy goes chip -> whole mWh -> account; when the balance is gone the load
 * switch opens.
 */
import { enterToken } from '../../lib/meter/enter-token.ts';
import { lockoutAfterPowerUp } from '../../lib/meter/lockout.ts';
import { type MeterFactorySettings, type MeterState, newMeterState } from '../../lib/meter/state.ts';
import { CreditAccount } from './credit.ts';
import type { Cancellable, FirmwarePorts, KeypadKey, MeterHardware } from './hardware-interface.ts';
import { codePage, homePage } from './home-page.ts';
import { Journal, type JournalState } from './journal.ts';
import { Keypad } from './keypad.ts';
import { LoadSwitch } from './load-switch.ts';
import { EnergyCounter, MILLI_JOULE_PER_MILLI_WH } from './metering.ts';
import { DEFAULT_OPTIONS, type FirmwareOptions } from './options.ts';
import { type EntryOutcome, MEMORY_FAULT, NOT_READY } from './outcome.ts';
import type { FirmwareReadout, FirmwareStatus } from './readout.ts';
import type { AccountFields, DelayRecord, TokenApplication } from './records.ts';
import { outcomePages, Screen } from './screen.ts';

export type FactorySettings = MeterFactorySettings;

export interface Firmware extends FirmwarePorts {
  /** The virtual carrier: `done` is called once, after the outcome is durable; never if the supply is lost first. */
  enterToken(tokenNo: string, done: (outcome: EntryOutcome) => void): void;
  readout(): FirmwareReadout;
  /**
   * The production test: closes and opens the relay without load and learns its delays.
   * @param done - false when it was refused: current flows, a token was accepted already, or a test is under way.
   */
  calibrate(cycles: number, done: (learnt: boolean) => void): void;
}

/** A step of the balance on the glass: 0.01 kWh. */
const DISPLAY_STEP_MILLI_WH = 10_000;

export function createFirmware(
  hardware: MeterHardware,
  factory: FactorySettings,
  options: FirmwareOptions = DEFAULT_OPTIONS,
): Firmware {
  return new MeterFirmware(hardware, factory, options);
}

class MeterFirmware implements Firmware {
  readonly #hardware: MeterHardware;
  readonly #options: FirmwareOptions;
  readonly #factory: FactorySettings;
  readonly #screen: Screen;
  readonly #keypad: Keypad;
  #status: FirmwareStatus = 'starting';
  #journal: Journal;
  #state: MeterState;
  #account = new CreditAccount({ acceptedMilliWh: 0, balanceMilliWh: 0, totalMilliWh: 0 });
  #counter: EnergyCounter;
  #switch: LoadSwitch;
  #savedTotalMilliWh = 0;
  /** The total register when a record was last asked for. */
  #checkpointTotalMilliWh = 0;
  #checkpointTimer: Cancellable | undefined;
  #acceptanceLost = false;
  #entryInWork = false;
  #keyed: string | undefined;
  #lastResult: EntryOutcome | undefined;
  #alarm: Cancellable | undefined;
  #recovery: Cancellable | undefined;
  #calibration: { left: number; done: (learnt: boolean) => void } | undefined;

  constructor(hardware: MeterHardware, factory: FactorySettings, options: FirmwareOptions) {
    this.#hardware = hardware;
    this.#options = options;
    this.#factory = factory;
    this.#state = newMeterState(factory, options.meter);
    this.#journal = new Journal(hardware.memory);
    this.#counter = new EnergyCounter(hardware.metering, 0);
    this.#switch = this.#makeSwitch(NEVER_MEASURED, NEVER_MEASURED);
    this.#screen = new Screen(hardware.display, hardware.timer, () => this.#home());
    this.#keypad = new Keypad(hardware.timer, options.keypadTimeOutMicros, {
      entryChanged: (text) => {
        this.#keyed = text;
        this.#screen.refresh();
      },
      tokenKeyed: (tokenNo) => this.enterToken(tokenNo, () => {}),
      codeKeyed: (digits) => this.#showCode(digits),
    });
  }

  boot(): void {
    this.#journal = new Journal(this.#hardware.memory);
    const contents = this.#journal.load();
    switch (contents.kind) {
      case 'state':
        this.#acceptanceLost = contents.state.acceptanceLost;
        this.#start(contents.state);
        return;
      case 'blank':
        this.#format();
        return;
      case 'damaged':
        this.#failMemory();
        return;
    }
  }

  keyPressed(key: KeypadKey): void {
    if (this.#status !== 'running' || this.#entryInWork) return;
    this.#hardware.beep('key');
    this.#screen.show([]);
    this.#keypad.press(key);
  }

  enterToken(tokenNo: string, done: (outcome: EntryOutcome) => void): void {
    if (this.#status !== 'running' || this.#entryInWork) {
      done(NOT_READY);
      return;
    }
    this.#entryInWork = true;
    this.#screen.refresh();
    this.#charge();
    const before: MeterState = { ...this.#state, creditMilliWh: this.#account.balanceMilliWh };
    const now = this.#hardware.rtc.epochSeconds();
    const { outcome, state } = enterToken(before, tokenNo, now, this.#options.meter);
    const finish = (written: boolean): void => {
      this.#entryInWork = false;
      if (written) this.#adopt(state, state.creditMilliWh - before.creditMilliWh);
      this.#tell(written ? outcome : MEMORY_FAULT);
      done(written ? outcome : MEMORY_FAULT);
    };
    if (state === before) finish(true);
    else if (outcome.result === 'Accept') {
      const creditMilliWh = state.creditMilliWh - before.creditMilliWh;
      this.#journal.writeToken(() => this.#journalState(state, creditMilliWh), finish);
    } else {
      // A wrong token changes the lockout alone. It counts at once, even where the memory takes nothing, and is durable before
      // the customer knows, or a power cut would be free.
      this.#state = { ...this.#state, lockout: state.lockout };
      this.#saveAccount(() => finish(true));
    }
  }

  powerFailing(): void {
    this.#switch.stop();
    this.#keypad.clear();
    if (this.#status === 'running' || this.#status === 'power-failing') {
      this.#status = 'power-failing';
      this.#charge();
      // Behind the token that is being written, if any: the transaction in progress comes first (meter-hardware.md 4).
      this.#saveAccount();
    }
    this.#recoverLater();
  }

  readout(): FirmwareReadout {
    if (this.#status === 'running') this.#charge();
    const { metering } = this.#hardware;
    return {
      meterPan: this.#state.meterPan,
      acceptedMilliWh: this.#account.acceptedMilliWh,
      creditMilliWh: this.#account.balanceMilliWh,
      totalMilliWh: this.#account.totalMilliWh,
      savedTotalMilliWh: this.#savedTotalMilliWh,
      relay: this.#switch.state,
      relayFired: this.#switch.fired,
      voltageMilliVolt: metering.voltageMilliVolt(),
      currentMilliAmp: metering.currentMilliAmp(),
      powerMilliWatt: metering.powerMilliWatt(),
      display: this.#screen.shown,
      lastResult: this.#lastResult,
      lockedUntilSeconds: this.#locked() ? this.#state.lockout.untilSeconds : 0,
      lowCreditLevel: this.#lowCreditLevel(),
      tidMemory: this.#state.tidMemory,
      delays: this.#switch.delays(),
      status: this.#status,
      acceptanceLost: this.#acceptanceLost,
    };
  }

  calibrate(cycles: number, done: (learnt: boolean) => void): void {
    const flowing = this.#hardware.metering.currentMilliAmp() >= this.#options.loadSwitch.flowingMilliAmp;
    const isBusy = this.#status !== 'running' || this.#calibration !== undefined;
    if (isBusy || flowing || this.#account.acceptedMilliWh > 0) {
      done(false);
      return;
    }
    this.#calibration = { left: 2 * cycles, done };
    this.#driveSwitch();
  }

  #format(): void {
    const state = this.#journalState(newMeterState(this.#factory, this.#options.meter), 0);
    this.#journal.writeToken(
      () => state,
      (written) => {
        if (written) this.#start({ ...state });
        else this.#failMemory();
      },
    );
  }

  #start({ application, account }: JournalState): void {
    // A clock that was set back must not bar the door for longer than any wrong token could.
    const latest = this.#hardware.rtc.epochSeconds() + this.#options.meter.lockout.longestWaitSeconds;
    const untilSeconds = Math.min(account.lockout.untilSeconds, latest);
    this.#state = {
      ...newMeterState(this.#factory, this.#options.meter),
      ...application,
      creditMilliWh: account.balanceMilliWh,
      lockout: lockoutAfterPowerUp({ ...account.lockout, untilSeconds }, this.#options.meter.lockout),
    };
    this.#account = new CreditAccount(account);
    this.#savedTotalMilliWh = account.totalMilliWh;
    this.#checkpointTotalMilliWh = account.totalMilliWh;
    this.#counter = new EnergyCounter(this.#hardware.metering, account.remainderMilliJoule);
    this.#switch = this.#makeSwitch(account.opening, account.closing);
    this.#status = 'running';
    this.#checkpointLater();
    this.#screen.show([]);
    this.#charge();
    this.#driveSwitch();
  }

  /** Still alive long after the signal: the dip was shorter than the hold-up, and the books in hand are the right ones. */
  #recoverLater(): void {
    const { timer, metering } = this.#hardware;
    this.#recovery?.cancel();
    this.#recovery = timer.at(timer.now() + this.#options.recoveryMicros, () => {
      if (metering.voltageMilliVolt() < this.#options.loadSwitch.lowestVoltageMilliVolt) this.#recoverLater();
      else this.#recover();
    });
  }

  #recover(): void {
    if (this.#status !== 'power-failing' && this.#status !== 'memory-fault') return;
    const { opening, closing } = this.#switch.delays();
    // Nobody knows what became of a pulse that was driven when the supply sank: the latest command is executed again.
    this.#switch = this.#makeSwitch(opening, closing);
    if (this.#status === 'memory-fault') {
      this.#switch.drive('open');
      return;
    }
    this.#status = 'running';
    this.#checkpointLater();
    this.#charge();
    this.#driveSwitch();
  }

  /** Without a journal nothing can be credited or charged: the relay opens and the fault stands on the glass. */
  #failMemory(): void {
    this.#status = 'memory-fault';
    this.#switch.drive('open');
    this.#screen.show([]);
  }

  #makeSwitch(opening: DelayRecord, closing: DelayRecord): LoadSwitch {
    return new LoadSwitch(this.#hardware, this.#options.loadSwitch, { opening, closing }, () =>
      this.#switched(),
    );
  }

  #switched(): void {
    // With a memory that cannot be read nothing may be written over what may still be saved.
    if (this.#status !== 'running') return;
    if (this.#calibration !== undefined) {
      this.#calibration.left -= 1;
      if (this.#calibration.left <= 0) this.#endCalibration(true);
    } else {
      this.#saveAccount();
    }
    this.#charge();
    this.#driveSwitch();
  }

  #endCalibration(learnt: boolean): void {
    const done = this.#calibration?.done;
    this.#calibration = undefined;
    this.#saveAccount((written) => done?.(learnt && written));
    this.#driveSwitch();
  }

  /** Adds what the chip has counted to the books and sees to what follows from it. */
  #charge(): void {
    const energy = this.#counter.take();
    if (energy > 0) {
      this.#account.charge(energy);
      // A production test with a load behind the relay would give energy away.
      if (this.#calibration !== undefined) this.#endCalibration(false);
    }
    if (this.#status !== 'running') return;
    if (this.#account.totalMilliWh - this.#checkpointTotalMilliWh >= this.#options.checkpointMilliWh) {
      this.#saveAccount();
    }
    if (energy > 0) this.#switch.energyCounted();
    if (this.#account.balanceMilliWh <= 0) this.#driveSwitch();
    this.#screen.refresh();
    this.#setAlarm();
  }

  /** The relay follows the balance; only the production test may close it without. */
  #driveSwitch(): void {
    if (this.#status !== 'running') return;
    if (this.#calibration !== undefined) {
      this.#switch.drive(this.#calibration.left % 2 === 0 ? 'closed' : 'open');
      return;
    }
    this.#switch.drive(this.#account.balanceMilliWh > 0 ? 'closed' : 'open');
  }

  /**
   * One energy alarm for whichever comes first: the next digit on the glass, the checkpoint, the moment to watch the zeros,
   * the end of the credit. The way to that moment is halved each time, so that a load that grew is noticed.
   */
  #setAlarm(): void {
    this.#alarm?.cancel();
    const balance = this.#account.balanceMilliWh;
    const unsaved = this.#account.totalMilliWh - this.#checkpointTotalMilliWh;
    const intoStep = ((balance % DISPLAY_STEP_MILLI_WH) + DISPLAY_STEP_MILLI_WH) % DISPLAY_STEP_MILLI_WH;
    let next = Math.min(intoStep + 1, Math.max(this.#options.checkpointMilliWh - unsaved, 1));
    if (balance > 0) next = Math.min(next, balance);
    if (balance > 0 && this.#switch.state === 'closed') {
      const margin = this.#prepareMilliWh();
      if (balance <= margin) {
        this.#switch.prepareOpening();
      } else {
        this.#switch.relax();
        next = Math.min(next, Math.max(balance - margin, 1), Math.ceil(balance / 2));
      }
    }
    this.#alarm = this.#hardware.metering.alarmAfter(this.#counter.milliJouleUntil(next), () =>
      this.#charge(),
    );
  }

  #prepareMilliWh(): number {
    const { preparePowerMilliWatt, prepareMicros } = this.#options;
    const power = Math.max(this.#hardware.metering.powerMilliWatt(), preparePowerMilliWatt);
    const milliJoule = (power * prepareMicros) / 1_000_000;
    return Math.ceil(milliJoule / MILLI_JOULE_PER_MILLI_WH);
  }

  #adopt(state: MeterState, creditMilliWh: number): void {
    this.#charge();
    this.#state = state;
    if (creditMilliWh > 0) this.#account.accept(creditMilliWh);
    this.#charge();
    this.#driveSwitch();
  }

  #tell(outcome: EntryOutcome): void {
    this.#lastResult = outcome;
    if (this.#status !== 'running') return;
    this.#hardware.beep(outcome.result === 'Accept' ? 'accept' : 'reject');
    const now = this.#hardware.rtc.epochSeconds();
    this.#screen.show(outcomePages(outcome, now, this.#options.meter));
  }

  #checkpointLater(): void {
    const { timer } = this.#hardware;
    this.#checkpointTimer?.cancel();
    this.#checkpointTimer = timer.at(timer.now() + this.#options.checkpointMicros, () => {
      if (this.#status !== 'running') return;
      this.#charge();
      this.#saveAccount();
      this.#checkpointLater();
    });
  }

  #saveAccount(done: (written: boolean) => void = () => {}): void {
    let total = 0;
    this.#checkpointTotalMilliWh = this.#account.totalMilliWh;
    this.#journal.writeAccount(
      () => {
        const fields = this.#fields();
        total = fields.totalMilliWh;
        return fields;
      },
      (written) => {
        if (written) this.#savedTotalMilliWh = Math.max(this.#savedTotalMilliWh, total);
        done(written);
      },
    );
  }

  #fields(): AccountFields {
    return {
      acceptedMilliWh: this.#account.acceptedMilliWh,
      balanceMilliWh: this.#account.balanceMilliWh,
      totalMilliWh: this.#account.totalMilliWh,
      remainderMilliJoule: this.#counter.remainderMilliJoule,
      relayCommand: this.#account.balanceMilliWh > 0 ? 'closed' : 'open',
      ...this.#switch.delays(),
      lockout: this.#state.lockout,
    };
  }

  /** What a token record holds: the state to come with the registers of now. */
  #journalState(state: MeterState, creditMilliWh: number): JournalState {
    const { creditMilliWh: _credit, lockout, extension: _extension, ...application } = state;
    const fields = this.#fields();
    const balanceMilliWh = fields.balanceMilliWh + creditMilliWh;
    return {
      application: application satisfies TokenApplication,
      account: {
        ...fields,
        acceptedMilliWh: fields.acceptedMilliWh + creditMilliWh,
        balanceMilliWh,
        relayCommand: balanceMilliWh > 0 ? 'closed' : 'open',
        lockout,
      },
    };
  }

  #locked(): boolean {
    return this.#hardware.rtc.epochSeconds() < this.#state.lockout.untilSeconds;
  }

  #lowCreditLevel(): number {
    return this.#options.lowCreditMilliWh.filter((level) => this.#account.balanceMilliWh <= level).length;
  }

  #showCode(digits: string): void {
    const { balanceMilliWh, totalMilliWh } = this.#account;
    const page = codePage(digits, { balanceMilliWh, totalMilliWh, meterPan: this.#state.meterPan });
    if (page === undefined) this.#hardware.beep('reject');
    this.#screen.show([page ?? { text: 'rEJEct', icons: ['rejected'], micros: 3_000_000 }]);
  }

  #home(): ReturnType<typeof homePage> {
    return homePage({
      status: this.#status,
      keyed: this.#keyed,
      balanceMilliWh: this.#account.balanceMilliWh,
      relay: this.#switch.state,
      lowCreditLevel: this.#lowCreditLevel(),
      isBusy: this.#entryInWork,
      isLocked: this.#locked(),
    });
  }
}

const NEVER_MEASURED: DelayRecord = { meanMicros: 0, deviationMicros: 0, operations: 0 };
