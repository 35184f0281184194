/**
 * The meter's books: the account, the token application and what the other parts keep, with the records that make them
 * outlive a power cut. Everything here is in memory until {@link Books.save} or {@link Books.saveToken} has answered.
 */
import { lockoutAfterPowerUp } from '../../lib/meter/lockout.ts';
import { type MeterFactorySettings, type MeterState, newMeterState } from '../../lib/meter/state.ts';
import { EMPTY_ACCOUNT } from './credit/account.ts';
import { type CreditOptions, type CreditState, newCreditState } from './credit/state.ts';
import { CreditAccount, type CreditChange, NO_CHANGE } from './credit.ts';
import { EventLog } from './event-log.ts';
import { guardedMemory } from './guarded-memory.ts';
import type { MeterHardware } from './hardware-interface.ts';
import { Journal, type JournalContents, type JournalState } from './journal.ts';
import { MemoryBus } from './memory-bus.ts';
import { EnergyCounter } from './metering.ts';
import type { FirmwareOptions } from './options.ts';
import {
  type AccountFields,
  INITIAL_STATISTICS,
  INITIAL_VITAL,
  type StatisticsState,
  type TokenApplication,
  type VitalState,
} from './records.ts';
import { WornPageList } from './worn-pages.ts';

export class Books {
  /** What the meter notes; see `EVENT_KINDS` for what there is. */
  readonly events: EventLog;
  readonly #hardware: MeterHardware;
  readonly #factory: MeterFactorySettings;
  readonly #options: FirmwareOptions;
  readonly #journal: Journal;
  #state: MeterState;
  #vital: VitalState = INITIAL_VITAL;
  #statistics: StatisticsState = INITIAL_STATISTICS;
  #account: CreditAccount;
  #counter: EnergyCounter;
  #savedTotalMilliWh = 0;
  /** The total register when a record was last asked for. */
  #checkpointTotalMilliWh = 0;
  #acceptanceLost = false;

  constructor(hardware: MeterHardware, factory: MeterFactorySettings, options: FirmwareOptions) {
    this.#hardware = hardware;
    this.#factory = factory;
    this.#options = options;
    this.#state = newMeterState(factory, options.meter);
    const memory = guardedMemory(hardware.memory);
    const bus = new MemoryBus(memory);
    this.#journal = new Journal(memory, bus);
    this.events = new EventLog(bus, new WornPageList(), hardware.rtc);
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
    const { extension } = this.#state;
    const electricity = this.#account.paidMoney;
    const currencyHundredThousandth = { ...extension.currencyHundredThousandth, electricity };
    return {
      ...this.#state,
      creditMilliWh: this.#account.paidMilliWh,
      extension: { ...extension, currencyHundredThousandth },
    };
  }

  /** What the parts keep in every record. */
  get vital(): VitalState {
    this.#keepCredit(this.#account.state);
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
    this.#state = { ...this.#state, ...change };
  }

  /** Takes a part's new state; durable with the next record. */
  keep<Name extends keyof VitalState>(name: Name, value: VitalState[Name]): void {
    this.#vital = { ...this.#vital, [name]: value };
  }

  keepStatistics<Name extends keyof StatisticsState>(name: Name, value: StatisticsState[Name]): void {
    this.#statistics = { ...this.#statistics, [name]: value };
  }

  load(): JournalContents {
    return this.#journal.load();
  }

  /** The first record of a new part. */
  format(done: (written: boolean) => void): void {
    const state = this.#journalState(this.#state, this.vital, NO_CHANGE);
    this.#journal.writeToken(() => state, done);
  }

  /** Takes over what the journal held; without it, what a new meter has. */
  start(loaded?: JournalState & { readonly acceptanceLost?: boolean }): void {
    const found = loaded ?? this.#journalState(this.#state, this.vital, NO_CHANGE);
    const { application, account } = found;
    // A clock that was set back must not bar the door for longer than any wrong token could.
    const latest = this.#hardware.rtc.epochSeconds() + this.#options.meter.lockout.longestWaitSeconds;
    const untilSeconds = Math.min(account.lockout.untilSeconds, latest);
    this.#state = {
      ...newMeterState(this.#factory, this.#options.meter),
      ...application,
      lockout: lockoutAfterPowerUp({ ...account.lockout, untilSeconds }, this.#options.meter.lockout),
    };
    const { opening, closing } = account;
    const credit = creditOfRegisters(account, this.#options.credit);
    this.#vital = { ...INITIAL_VITAL, delays: { opening, closing }, credit };
    this.#account = new CreditAccount(credit, account.totalMilliWh, this.#options.credit);
    this.#counter = new EnergyCounter(this.#hardware.metering, account.remainderMilliJoule);
    this.#savedTotalMilliWh = account.totalMilliWh;
    this.#checkpointTotalMilliWh = account.totalMilliWh;
    this.#acceptanceLost = loaded?.acceptanceLost ?? false;
  }

  /** Charges what the chip has counted since the last call. @returns mWh. */
  charge(): number {
    const energy = this.#counter.take();
    if (energy > 0) this.#account.charge(energy);
    return energy;
  }

  /** Asks for a record of everything as it stands when the record is written. */
  save(done: (written: boolean) => void = () => {}): void {
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

  /**
   * Makes an acceptance durable: its identifier, its credit and everything else it changes in one record.
   * @param after - what the token made of {@link state}; adopted only by {@link adopt}, after `done(true)`.
   * @param change - what it does to the credit, in the record on top of what is charged until that is written.
   */
  saveToken(
    after: MeterState,
    vital: VitalState,
    change: CreditChange,
    done: (written: boolean) => void,
  ): void {
    this.#journal.writeToken(() => this.#journalState(after, vital, change), done);
  }

  /** Takes over what {@link saveToken} has made durable; energy charged meanwhile stays charged. */
  adopt(after: MeterState, vital: VitalState, change: CreditChange): void {
    this.#state = after;
    this.#vital = vital;
    if (change !== NO_CHANGE) this.#account.change(change, this.#hardware.rtc.epochSeconds());
  }

  /** The credit changes with every mWh, and is kept when a record asks for it. */
  #keepCredit(credit: CreditState): void {
    if (credit !== this.#vital.credit) this.keep('credit', credit);
  }

  #fields(): AccountFields {
    const { acceptedMilliWh, totalMilliWh } = this.#account;
    return {
      acceptedMilliWh,
      balanceMilliWh: acceptedMilliWh - totalMilliWh,
      totalMilliWh,
      remainderMilliJoule: this.#counter.remainderMilliJoule,
      relayCommand: this.#account.maySupply ? 'closed' : 'open',
      ...this.#vital.delays,
      lockout: this.#state.lockout,
    };
  }

  /** What a token record holds: the state to come with the registers of now. */
  #journalState(state: MeterState, vital: VitalState, change: CreditChange): JournalState {
    const { creditMilliWh: _credit, lockout, extension: _extension, ...application } = state;
    const fields = this.#fields();
    const acceptedMilliWh = fields.acceptedMilliWh + change.milliWh;
    const balanceMilliWh = acceptedMilliWh - fields.totalMilliWh;
    return {
      application: application satisfies TokenApplication,
      account: {
        ...fields,
        ...vital.delays,
        acceptedMilliWh,
        balanceMilliWh,
        relayCommand: balanceMilliWh > 0 ? 'closed' : 'open',
        lockout,
      },
    };
  }
}

/** The credit of a meter whose record has only the registers of kWh mode. */
function creditOfRegisters(
  { acceptedMilliWh, totalMilliWh }: AccountFields,
  options: CreditOptions,
): CreditState {
  const balance = acceptedMilliWh - totalMilliWh;
  const energy = { ...EMPTY_ACCOUNT, accepted: acceptedMilliWh, charged: totalMilliWh, balance };
  return { ...newCreditState(options), energy };
}
