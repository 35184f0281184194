/**
 * What the meter knows of its credit, as one plain object, and the settings that make of meter has for it. The transitions
 * stand in machine.ts; nothing here or there reads a clock.
 */
import { assertInteger, assertOneOf } from '../../../lib/assert.ts';
import { type Account, EMPTY_ACCOUNT } from './account.ts';
import { assertFriendlyHours, type FriendlyHours } from './friendly.ts';
import { assertTariffs, type Tariff } from './tariff.ts';

/** Which account is charged: energy as it flows, or money by the tariff in the meter. */
export type CreditMode = 'kilowattHour' | 'currency';

export interface CreditState {
  readonly mode: CreditMode;
  /** mWh. */
  readonly energy: Account;
  /** 0.00001 of the currency. */
  readonly money: Account;
  /** Of a charge, millionths of 0.00001 of the currency. */
  readonly remainder: number;
  /** The local month that `monthMilliWh` counts, months since the year 0; 0 before the first. */
  readonly month: number;
  readonly monthMilliWh: number;
  /** The local day up to which daily charges are settled, days since 1970; 0 before the first. */
  readonly settledDay: number;
  /** The tariff in force, by its place in the list; it never goes back. */
  readonly tariff: number;
  /** RTC seconds; 0 when the low-credit alarm may sound. */
  readonly mutedUntilSeconds: number;
  /** RTC seconds at which the friendly window ends that keeps the supply on without credit; 0 when none does. */
  readonly friendlyUntilSeconds: number;
  /** The supply was off for want of credit and comes back only with a key press. */
  readonly awaitsKey: boolean;
}

/** Settings of one account, in its own unit. */
export interface AccountTerms {
  /** Levels of the low-credit warning, highest first: icon; icon and lamp; icon, lamp and beep. */
  readonly lowLevels: readonly number[];
  /** undefined for a meter that gives none. */
  readonly emergency: EmergencyTerms | undefined;
}

export interface EmergencyTerms {
  /** Offered once the paid credit is down to this. */
  readonly threshold: number;
  readonly limit: number;
  /** The limit until the first token was accepted; 0 for none. */
  readonly initialLimit: number;
}

export interface CreditOptions {
  /** Of a new meter. */
  readonly mode: CreditMode;
  /** Local time less UTC, minutes. */
  readonly offsetMinutes: number;
  readonly kilowattHour: AccountTerms;
  readonly currency: AccountTerms;
  /** 'whatIsOwed': a token that leaves something owed is refused as `Account Low`, and stays as good as before. */
  readonly minimumPurchase: 'any' | 'whatIsOwed';
  /** undefined for a meter without. */
  readonly friendly: FriendlyHours | undefined;
  readonly muteSeconds: number;
  /** 'key': after the supply was off for want of credit it is ready, and comes back with a key press. */
  readonly reconnection: 'automatic' | 'key';
  /** What stands behind an amount of money on the glass; at most 3 characters. */
  readonly currencyLabel: string;
  /** For currency mode, rising by their first second; each next one is the passive tariff of the one before. */
  readonly tariffs: readonly Tariff[];
  /** Whether the daily charge is taken while the supply is off for want of credit, and while a friendly window keeps it on. */
  readonly dailyCharge: { readonly whileOff: boolean; readonly whileFriendly: boolean };
  /** Daily charges of longer ago are let go: so long a gap is a clock that was wrong rather than a bill. */
  readonly catchUpDays: number;
  /** Index of the control token (class 2) that changes the mode: value 0 kWh, 1 currency. undefined for none. */
  readonly modeControlIndex: number | undefined;
}

const KWH = 1_000_000;
const CURRENCY = 100_000;

/** Low-credit levels, emergency credit and hours of meter-hardware.md 6; the same numbers in money, a unit for a kWh, are ours. */
export const DEFAULT_CREDIT: CreditOptions = {
  mode: 'kilowattHour',
  offsetMinutes: 0,
  kilowattHour: {
    lowLevels: [20 * KWH, 10 * KWH, 5 * KWH],
    emergency: { threshold: 5 * KWH, limit: 10 * KWH, initialLimit: 10 * KWH },
  },
  currency: {
    lowLevels: [20 * CURRENCY, 10 * CURRENCY, 5 * CURRENCY],
    emergency: { threshold: 5 * CURRENCY, limit: 10 * CURRENCY, initialLimit: 10 * CURRENCY },
  },
  minimumPurchase: 'any',
  friendly: undefined,
  muteSeconds: 86_400,
  reconnection: 'automatic',
  currencyLabel: 'Cr',
  tariffs: [{ fromSeconds: 0, energy: { kind: 'flat', price: CURRENCY }, dailyCharge: 0 }],
  dailyCharge: { whileOff: true, whileFriendly: true },
  catchUpDays: 31,
  modeControlIndex: undefined,
};

export function newCreditState(options: CreditOptions): CreditState {
  return {
    mode: options.mode,
    energy: EMPTY_ACCOUNT,
    money: EMPTY_ACCOUNT,
    remainder: 0,
    month: 0,
    monthMilliWh: 0,
    settledDay: 0,
    tariff: 0,
    mutedUntilSeconds: 0,
    friendlyUntilSeconds: 0,
    awaitsKey: options.reconnection === 'key',
  };
}

const MAX_LIMIT = 2 ** 40;

/** @throws TypeError, RangeError for settings that no meter can have. */
export function assertCreditOptions(options: CreditOptions): void {
  assertOneOf(options.mode, ['kilowattHour', 'currency'] as const, 'mode');
  assertInteger(options.offsetMinutes, -1_440, 1_440, 'offsetMinutes');
  for (const terms of [options.kilowattHour, options.currency]) assertTerms(terms);
  assertOneOf(options.minimumPurchase, ['any', 'whatIsOwed'] as const, 'minimumPurchase');
  if (options.friendly !== undefined) assertFriendlyHours(options.friendly);
  assertInteger(options.muteSeconds, 0, 366 * 86_400, 'muteSeconds');
  assertOneOf(options.reconnection, ['automatic', 'key'] as const, 'reconnection');
  assertTariffs(options.tariffs);
  assertInteger(options.catchUpDays, 0, 3_660, 'catchUpDays');
}

function assertTerms({ lowLevels, emergency }: AccountTerms): void {
  let above = MAX_LIMIT;
  for (const level of lowLevels) {
    assertInteger(level, 0, above, 'lowLevels');
    above = level;
  }
  if (emergency === undefined) return;
  assertInteger(emergency.threshold, 0, MAX_LIMIT, 'threshold');
  assertInteger(emergency.limit, 0, MAX_LIMIT, 'limit');
  assertInteger(emergency.initialLimit, 0, MAX_LIMIT, 'initialLimit');
}
