/**
 * The meter's books: the account, the token application and what the other parts keep, with the records that make them
 * outlive a power cut. Everything here is in memory until {@link Books.save} or {@link Books.saveToken} has answered.
 */
import { lockoutAfterPowerUp } from '../../lib/meter/lockout.ts';
import {
  type LockoutState,
  type MeterFactorySettings,
  type MeterState,
  newMeterState,
} from '../../lib/meter/state.ts';
import * as machine from './credit/machine.ts';
import { newCreditState } from './credit/state.ts';
import { CreditAccount, type CreditChange, NO_CHANGE } from './credit.ts';
import { EventLog } from './event-log.ts';
import { guardedMemory } from './guarded-memory.ts';
import type { MeterHardware } from './hardware-interface.ts';
import { Journal, type JournalContents, type LoadedState } from './journal.ts';
import type { Keeper } from './keeper.ts';
import { MemoryBus } from './memory-bus.ts';
import { EnergyCounter } from './metering.ts';
import type { FirmwareOptions } from './options.ts';
import type { WriteResult } from './record-rings.ts';
import {
  type AccountFields,
  INITIAL_STATISTICS,
  INITIAL_VITAL,
  type JournalState,
  type StatisticsState,
  type TokenApplication,
  type VitalState,
} from './records.ts';
import { StatisticsStore } from './statistics-store.ts';
import { WornPageList } from './worn-pages.ts';

/** What a token makes of the books; in force when its record is durable. */
export interface TokenChange {
  readonly before: MeterState;
  readonly state: MeterState;
  /** The sections that it changes; the others stay as their parts have them when the record is written. */
  readonly vital: Partial<VitalState>;
  /** What it does to the credit, in the record on top of what is charged until that is written. */
  readonly credit: CreditChange;
}

/** No section changes beside what its part keeps. */
const NOTHING: Partial<VitalState> = {};

export class Books {
  /** What the meter notes; see `EVENT_KINDS` for what there is. */
  readonly events: EventLog;
  /** The way to the EEPROM, for what stands beside the records. */
  readonly bus: MemoryBus;
  readonly #hardware: MeterHardware;
  readonly #factory: MeterFactorySettings;
  readonly #options: FirmwareOptions;
  readonly #journal: Journal;
  readonly #statisticsStore: StatisticsStore;
  readonly #worn = new WornPageList();
  #application: TokenApplication;
  #lockout: LockoutState;
  #vital: VitalState = INITIAL_VITAL;
  #statistics: StatisticsState = INITIAL_STATISTICS;
  #account: CreditAccount;
  #counter: EnergyCounter;
  #savedTotalMilliWh = 0;
  /** The total register when a record was last asked for. */
  #checkpointTotalMilliWh = 0;
  #acceptanceLost = false;
  #isTaken = false;

  constructor(hardware: MeterHardware, factory: MeterFactorySettings, options: FirmwareOptions) {
    this.#hardware = hardware;
    this.#factory = factory;
    this.#options = options;
    const { application, lockout } = partsOf(newMeterState(factory, options.meter));
    this.#application = application;
    this.#lockout = lockout;
    const bus = new MemoryBus(guardedMemory(hardware.memory));
    this.bus = bus;
    this.#journal = new Journal(bus, this.#worn, options.journal);
    this.#statisticsStore = new StatisticsStore(bus, this.#worn);
    this.events = new EventLog(bus, this.#worn, hardware.rtc);
    this.#counter = new EnergyCounter(hardware.metering, 0);
    this.#account = new CreditAccount(newCreditState(options.credit), 0, options.credit);
  }

  get account(): CreditAccount {
    return this.#account;
  }

  get counter(): EnergyCounter {
    return this.#counter;
  }

  /** The token application with what is left of paid credit now in its electricity registers. */
  get state(): MeterState {
    const { extension } = this.#application;
    const electricity = this.#account.paidMoney;
    const currencyHundredThousandth = { ...extension.currencyHundredThousandth, electricity };
    return {
      ...this.#application,
      creditMilliWh: this.#account.paidMilliWh,
      lockout: this.#lockout,
      extension: { ...extension, currencyHundredThousandth },
    };
  }

  /** The limit that a token has set, W; undefined when none has. */
  get maximumPowerWatt(): number | undefined {
    return this.#application.extension.maximumPowerWatt;
  }

  get meterPan(): string {
    return this.#application.meterPan;
  }

  get lockout(): LockoutState {
    return this.#lockout;
  }

  /** What the parts keep in every record. */
  get vital(): VitalState {
    // The credit changes with every mWh, and is kept when somebody asks for it.
    if (this.#account.state !== this.#vital.credit) this.keep('credit', this.#account.state);
    return this.#vital;
  }

  /** What the parts keep in the slower record. */
  get statistics(): StatisticsState {
    return this.#statistics;
  }

  /** The total register as the newest verified record holds it. */
  get savedTotalMilliWh(): number {
    return this.#savedTotalMilliWh;
  }

  /** Energy charged since a record was last asked for, mWh. */
  get unsavedMilliWh(): number {
    return this.#account.totalMilliWh - this.#checkpointTotalMilliWh;
  }

  /** True when an acceptance was undone because its record rotted (journal.ts). */
  get acceptanceLost(): boolean {
    return this.#acceptanceLost;
  }

  /** Changes the token application outside a token, as a trap that latches or a wrong token that counts does. */
  setState(change: Partial<MeterState>): void {
    const { application, lockout } = partsOf({ ...this.state, ...change });
    this.#application = application;
    this.#lockout = lockout;
  }

  /** Takes a part's new state; durable with the next record. */
  keep<Name extends keyof VitalState>(name: Name, value: VitalState[Name]): void {
    this.#vital = withPart(this.#vital, name, value);
  }

  /** As {@link keep}; durable with the next {@link saveStatistics}. */
  keepStatistics<Name extends keyof StatisticsState>(name: Name, value: StatisticsState[Name]): void {
    this.#statistics = withPart(this.#statistics, name, value);
  }

  load(): JournalContents {
    return this.#journal.load();
  }

  /** The first record of a new part, or of this format over an older one. */
  format(loaded: LoadedState | undefined, done: (written: boolean) => void): void {
    this.#take(loaded);
    this.#isTaken = true;
    const state = this.#journalState(this.#application, this.#lockout, NOTHING, NO_CHANGE);
    this.#journal.format(state, done);
  }

  /** Takes over what the journal held; without it, what a new meter has. */
  start(loaded?: LoadedState): void {
    // Once: what the load draws from then on is counted.
    if (!this.#isTaken) this.#take(loaded);
    const { lockout } = this.#options.meter;
    // A clock that was set back must not bar the door for longer than any wrong token could.
    const latest = this.#hardware.rtc.epochSeconds() + lockout.longestWaitSeconds;
    const untilSeconds = Math.min(this.#lockout.untilSeconds, latest);
    this.#lockout = lockoutAfterPowerUp({ ...this.#lockout, untilSeconds }, lockout);
    this.#savedTotalMilliWh = this.#account.totalMilliWh;
    this.#checkpointTotalMilliWh = this.#account.totalMilliWh;
    this.#acceptanceLost = loaded?.acceptanceLost ?? false;
    this.#statistics = this.#statisticsStore.load();
  }

  #take(loaded: LoadedState | undefined): void {
    const { metering } = this.#hardware;
    if (loaded === undefined) {
      this.#counter = new EnergyCounter(metering, 0);
      return;
    }
    const fresh = newMeterState(this.#factory, this.#options.meter);
    const { application, account, vital, format, unchargedMilliJoule } = loaded;
    // The first firmware carried out no token that reaches beyond the electricity register.
    const { credit } = this.#options;
    const isOld = format === 1;
    this.#application = isOld ? { ...application, extension: fresh.extension } : application;
    this.#lockout = account.lockout;
    this.#vital = isOld
      ? { ...vital, credit: { ...newCreditState(credit), energy: vital.credit.energy } }
      : vital;
    this.#worn.restore(vital.wornPages);
    this.#account = new CreditAccount(this.#vital.credit, account.totalMilliWh, credit);
    this.#counter = new EnergyCounter(metering, account.remainderMilliJoule + unchargedMilliJoule);
  }

  /**
   * Charges what the chip has counted since the last call.
   * @param besides - mJ to charge besides, for the mJ that the chip has counted.
   * @returns mWh.
   */
  charge(besides?: (countedMilliJoule: number) => number): number {
    const energy = this.#counter.take(besides);
    if (energy > 0) this.#account.charge(energy);
    return energy;
  }

  /** Asks for a record of everything as it stands when the record is written. */
  save(done: (written: boolean) => void = () => {}): void {
    let total = 0;
    this.#checkpointTotalMilliWh = this.#account.totalMilliWh;
    this.#journal.save(
      () => {
        const state = this.#journalState(this.#application, this.#lockout, NOTHING, NO_CHANGE);
        total = state.account.totalMilliWh;
        return state;
      },
      (written) => {
        if (written) this.#savedTotalMilliWh = Math.max(this.#savedTotalMilliWh, total);
        done(written);
      },
    );
  }

  /** Asks for the slower record, where anything in it has changed. */
  saveStatistics(): void {
    this.#statisticsStore.save(() => this.#statistics);
  }

  /**
   * Makes an acceptance durable: its identifier, its credit and everything else it changes in one record.
   * @param change - what the token made of {@link state}; adopted only by {@link adopt}, after `done('written')`.
   */
  saveToken(change: TokenChange, done: (result: WriteResult) => void): void {
    const { application, lockout } = partsOf(change.state);
    this.#journal.commit(() => this.#journalState(application, lockout, change.vital, change.credit), done);
  }

  /** Takes over what {@link saveToken} has made durable; energy charged meanwhile stays charged. */
  adopt({ before, state, vital, credit }: TokenChange): void {
    const { application, lockout } = partsOf(state);
    // A trap may have latched while the record was written.
    const isLatched = this.#application.extension.isTampered && !before.extension.isTampered;
    this.#application = isLatched
      ? { ...application, extension: { ...application.extension, isTampered: true } }
      : application;
    this.#lockout = lockout;
    this.#vital = { ...this.#vital, ...vital };
    if (credit !== NO_CHANGE) this.#account.change(credit, this.#hardware.rtc.epochSeconds());
  }

  /** Only the hold-up is left: what cannot be finished is given up. {@link save} comes after it. */
  powerFailing(): void {
    this.#journal.powerFailing();
  }

  powerIsBack(): void {
    this.#journal.powerIsBack();
  }

  /** The books as a whole, where {@link keep} takes one part. */
  keepAll(keeper: Keeper): void {
    this.bus.keep(keeper);
    this.#worn.keep(keeper);
    this.#journal.keep(keeper);
    this.#statisticsStore.keep(keeper);
    this.events.keep(keeper);
    this.#account.keep(keeper);
    this.#counter.keep(keeper);
    this.#application = keeper.value(this.#application);
    this.#lockout = keeper.value(this.#lockout);
    this.#vital = keeper.value(this.#vital);
    this.#statistics = keeper.value(this.#statistics);
    this.#savedTotalMilliWh = keeper.value(this.#savedTotalMilliWh);
    this.#checkpointTotalMilliWh = keeper.value(this.#checkpointTotalMilliWh);
    this.#acceptanceLost = keeper.value(this.#acceptanceLost);
    this.#isTaken = keeper.value(this.#isTaken);
  }

  #journalState(
    application: TokenApplication,
    lockout: LockoutState,
    changed: Partial<VitalState>,
    change: CreditChange,
  ): JournalState {
    const { pages } = this.#worn;
    if (pages !== this.#vital.wornPages) this.keep('wornPages', pages);
    const { vital } = this;
    const now = this.#hardware.rtc.epochSeconds();
    const credit = change === NO_CHANGE ? vital.credit : this.#account.changed(change, now);
    const maySupply = !credit.awaitsKey && machine.hasSupply(credit);
    const account: AccountFields = {
      totalMilliWh: this.#account.totalMilliWh,
      remainderMilliJoule: this.#counter.remainderMilliJoule,
      relayCommand: maySupply ? 'closed' : 'open',
      lockout,
    };
    const isAsKept = changed === NOTHING && change === NO_CHANGE;
    return { application, account, vital: isAsKept ? vital : { ...vital, ...changed, credit } };
  }
}

/** @returns the same object where the part is the same. */
function withPart<T extends object, Name extends keyof T>(parts: T, name: Name, value: T[Name]): T {
  if (parts[name] === value) return parts;
  // A computed name within the literal would be a call into the engine each time.
  const changed = { ...parts };
  changed[name] = value;
  return changed;
}

/** Electricity credit, in kWh and in money, stands in the section of the credit alone. */
function partsOf(state: MeterState): { application: TokenApplication; lockout: LockoutState } {
  const { creditMilliWh: _credit, lockout, extension, ...application } = state;
  const currencyHundredThousandth = { ...extension.currencyHundredThousandth, electricity: 0 };
  return {
    application: { ...application, extension: { ...extension, currencyHundredThousandth } },
    lockout,
  };
}
