/**
 * The prepayment account of a running meter: the credit as one plain state (credit/state.ts), the total register, and what
 * the clock and the calendar say of the moment, so that a charge need not ask them.
 *
 * A balance below zero is energy that flowed while the relay was still opening, or in a friendly window; it is owed and the
 * next token pays it first.
 */
import { assertInteger, invariant } from '../../lib/assert.ts';
import type { TokenOutcome } from '../../lib/meter/outcome.ts';
import type { MeterState } from '../../lib/meter/state.ts';
import { type Account, paidCredit } from './credit/account.ts';
import { type FriendlyMoment, friendlyAt, NEVER_FRIENDLY } from './credit/friendly.ts';
import * as machine from './credit/machine.ts';
import {
  type LowCreditAlarm,
  lowCreditAlarm,
  rightToSupply,
  type SupplyRight,
} from './credit/right-to-supply.ts';
import {
  assertCreditOptions,
  type CreditMode,
  type CreditOptions,
  type CreditState,
} from './credit/state.ts';
import type { Keeper } from './keeper.ts';

/** What an accepted token does to the credit. */
export interface CreditChange {
  readonly milliWh: number;
  /** 0.00001 of the currency. */
  readonly money: number;
  readonly clears: { readonly energy: boolean; readonly money: boolean };
  readonly mode: CreditMode | undefined;
}

export const NO_CHANGE: CreditChange = {
  milliWh: 0,
  money: 0,
  clears: { energy: false, money: false },
  mode: undefined,
};

/** The credit as the glass shows it. */
export interface CreditGlance {
  readonly mode: CreditMode;
  readonly account: Account;
  readonly currencyLabel: string;
  readonly right: SupplyRight;
  readonly lowCredit: LowCreditAlarm;
}

export class CreditAccount {
  readonly #options: CreditOptions;
  #state: CreditState;
  #totalMilliWh: number;
  #band = 0;
  #friendly: FriendlyMoment = NEVER_FRIENDLY;

  /** @throws TypeError, RangeError for options that no meter can have. */
  constructor(state: CreditState, totalMilliWh: number, options: CreditOptions) {
    assertCreditOptions(options);
    assertInteger(totalMilliWh, 0, Number.MAX_SAFE_INTEGER, 'totalMilliWh');
    this.#options = options;
    this.#state = state;
    this.#totalMilliWh = totalMilliWh;
  }

  get state(): CreditState {
    return this.#state;
  }

  /** The account that is charged: mWh, or 0.00001 of the currency. */
  get inUse(): Account {
    return machine.accountInUse(this.#state);
  }

  /** Sum of all energy tokens, mWh. */
  get acceptedMilliWh(): number {
    return this.#state.energy.accepted;
  }

  /** Energy that was paid for and is left, mWh; below zero when it is owed. Emergency credit is not in it. */
  get paidMilliWh(): number {
    return paidCredit(this.#state.energy);
  }

  /** The same in 0.00001 of the currency. */
  get paidMoney(): number {
    return paidCredit(this.#state.money);
  }

  /** Whether no token has ever been accepted. */
  get isNew(): boolean {
    return this.#state.energy.accepted === 0 && this.#state.money.accepted === 0;
  }

  /** The total register: all energy that ever flowed, mWh; it never falls. */
  get totalMilliWh(): number {
    return this.#totalMilliWh;
  }

  /** For all that credit has to say. */
  get right(): SupplyRight {
    return rightToSupply(this.#state, false, this.#options);
  }

  /** Whether {@link right} lets the relay close. */
  get maySupply(): boolean {
    return !this.#state.awaitsKey && machine.hasSupply(this.#state);
  }

  /** Energy until the credit is gone at the present price, mWh; Infinity without credit. */
  get milliWhLeft(): number {
    return machine.milliWhLeft(this.#state, this.#band, this.#options);
  }

  /** Energy that changes the account in use by `units`, mWh, at least 1. */
  milliWhFor(units: number): number {
    return machine.milliWhFor(this.#state, this.#band, units, this.#options);
  }

  /** Energy until the next low-credit level, mWh; Infinity beyond the last. */
  get milliWhToLevel(): number {
    const { balance } = this.inUse;
    const { lowLevels } = machine.termsInUse(this.#state, this.#options);
    const level = lowLevels.find((each) => each < balance);
    return level === undefined || balance <= 0 ? Number.POSITIVE_INFINITY : this.milliWhFor(balance - level);
  }

  /** What somebody sees who looks at the glass before `uncharged` mWh are charged. */
  glance(uncharged: number, nowSeconds: number): CreditGlance {
    const moment = { band: this.#band, friendly: this.#friendly };
    const state =
      uncharged === 0 ? this.#state : machine.chargeEnergy(this.#state, uncharged, moment, this.#options);
    return {
      mode: state.mode,
      account: machine.accountInUse(state),
      currencyLabel: this.#options.currencyLabel,
      right: rightToSupply(state, false, this.#options),
      lowCredit: lowCreditAlarm(state, nowSeconds, this.#options),
    };
  }

  /** The band of the time-of-use calendar from now on. */
  setBand(band: number): void {
    assertInteger(band, 0, 0xff, 'band');
    this.#band = band;
  }

  charge(energyMilliWh: number): void {
    assertInteger(energyMilliWh, 0, Number.MAX_SAFE_INTEGER, 'energyMilliWh');
    this.#totalMilliWh += energyMilliWh;
    invariant(Number.isSafeInteger(this.#totalMilliWh), 'the total register is a whole number');
    const moment = { band: this.#band, friendly: this.#friendly };
    this.#state = machine.chargeEnergy(this.#state, energyMilliWh, moment, this.#options);
  }

  /** @returns the state with the change in it, for a record; the account itself stays as it is. */
  changed(change: CreditChange, nowSeconds: number): CreditState {
    const cleared = machine.clearCredit(this.#state, change.clears, this.#friendly, this.#options);
    const accepted = machine.acceptCredit(cleared, change, this.#friendly, this.#options);
    const { mode } = change;
    return mode === undefined ? accepted : machine.changeMode(accepted, mode, nowSeconds, this.#options);
  }

  change(change: CreditChange, nowSeconds: number): void {
    this.#state = this.changed(change, nowSeconds);
  }

  /** Whether a token is refused because it leaves something owed. */
  isTooSmall(change: CreditChange): boolean {
    return machine.isTooSmall(this.#state, change, this.#options);
  }

  /** What could be taken now, in the unit of the account in use; 0 for nothing. */
  get emergencyOffer(): number {
    return machine.emergencyOffer(this.#state, this.#options);
  }

  /** @returns false where nothing is offered. */
  takeEmergency(): boolean {
    const before = this.#state;
    this.#state = machine.takeEmergency(before, this.#friendly, this.#options);
    return this.#state !== before;
  }

  /** @returns whether the key press was what the supply waited for. */
  confirmReconnection(): boolean {
    const before = this.#state;
    this.#state = machine.confirmReconnection(before);
    return this.#state !== before;
  }

  mute(nowSeconds: number): void {
    this.#state = machine.muteAlarm(this.#state, nowSeconds, this.#options);
  }

  lowCredit(nowSeconds: number): LowCreditAlarm {
    return lowCreditAlarm(this.#state, nowSeconds, this.#options);
  }

  /** What fell due up to `nowSeconds`. @param nowSeconds - undefined while the clock is not to be trusted. */
  passTime(nowSeconds: number | undefined): void {
    this.#takeMoment(nowSeconds);
    this.#state =
      nowSeconds === undefined
        ? machine.clockLost(this.#state, this.#options)
        : machine.passTime(this.#state, nowSeconds, this.#options);
  }

  /** The clock was put right, or put wrong: what it jumped over costs nothing. */
  clockSet(nowSeconds: number): void {
    this.#takeMoment(nowSeconds);
    this.#state = machine.clockSet(this.#state, nowSeconds, this.#options);
  }

  /** RTC seconds at which {@link passTime} has something to do next; Infinity for never. */
  nextChange(nowSeconds: number): number {
    return machine.nextChange(this.#state, nowSeconds, this.#options);
  }

  keep(keeper: Keeper): void {
    this.#state = keeper.value(this.#state);
    this.#totalMilliWh = keeper.value(this.#totalMilliWh);
    this.#band = keeper.value(this.#band);
    this.#friendly = keeper.value(this.#friendly);
  }

  #takeMoment(nowSeconds: number | undefined): void {
    const { friendly, offsetMinutes } = this.#options;
    this.#friendly =
      nowSeconds === undefined ? NEVER_FRIENDLY : friendlyAt(friendly, nowSeconds, offsetMinutes);
  }
}

const ALL_REGISTERS = 0xffff;
const ENERGY_REGISTER = 0;
const MONEY_REGISTER = 4;

/** What an accepted token did to the electricity registers of the token application, as a change of the credit. */
export function creditChangeOf(
  outcome: TokenOutcome,
  before: MeterState,
  after: MeterState,
  { modeControlIndex }: CreditOptions,
): CreditChange {
  if (outcome.result !== 'Accept') return NO_CHANGE;
  const { effect } = outcome;
  switch (effect.kind) {
    case 'creditCleared': {
      const clears = (code: number): boolean => [code, ALL_REGISTERS].includes(effect.registerCode);
      return {
        milliWh: 0,
        money: 0,
        clears: { energy: clears(ENERGY_REGISTER), money: clears(MONEY_REGISTER) },
        mode: undefined,
      };
    }
    case 'credited':
    case 'currencyCredited': {
      const [old, now] = [before, after].map(
        ({ extension }) => extension.currencyHundredThousandth.electricity,
      );
      const milliWh = after.creditMilliWh - before.creditMilliWh;
      return { milliWh, money: (now ?? 0) - (old ?? 0), clears: NO_CHANGE.clears, mode: undefined };
    }
    case 'settingChanged': {
      const controlOf = ({ extension }: MeterState): number | undefined =>
        extension.controls.find(([index]) => index === modeControlIndex)?.[1];
      const value = controlOf(after);
      if (modeControlIndex === undefined || value === controlOf(before)) return NO_CHANGE;
      return {
        milliWh: 0,
        money: 0,
        clears: NO_CHANGE.clears,
        mode: value === 1 ? 'currency' : 'kilowattHour',
      };
    }
    default:
      return NO_CHANGE;
  }
}
