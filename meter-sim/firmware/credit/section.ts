/**
 * The credit as bytes of a journal record (bytes.ts). What holds of the books when they are written holds when they are read:
 * the balance is not written but reckoned from the other registers.
 *
 *     energy: accepted 7, charged 7, cleared 7 signed, emergency 6     0
 *     money: the same, accepted signed                                27
 *     remainder 3                                                     54
 *     month 2, month's energy mWh 7                                   57
 *     settled day 3, tariff 1                                         66
 *     muted until 5, friendly until 5                                 70
 *     flags: bit 0 currency mode, bit 1 awaits a key                  80
 */
import { readSigned56, readUnsigned, type Section, writeInteger } from '../bytes.ts';
import type { Account } from './account.ts';
import { type CreditState, DEFAULT_CREDIT, newCreditState } from './state.ts';

const ACCOUNT_BYTES = 27;
const CURRENCY_MODE = 1;
const AWAITS_KEY = 2;

export const CREDIT_SECTION: Section<CreditState> = {
  bytes: 81,
  initial: newCreditState(DEFAULT_CREDIT),
  encode(state, into, at) {
    writeAccount(into, at, state.energy);
    writeAccount(into, at + ACCOUNT_BYTES, state.money);
    writeInteger(into, at + 54, 3, state.remainder);
    writeInteger(into, at + 57, 2, state.month);
    writeInteger(into, at + 59, 7, state.monthMilliWh);
    writeInteger(into, at + 66, 3, state.settledDay);
    into[at + 69] = state.tariff;
    writeInteger(into, at + 70, 5, state.mutedUntilSeconds);
    writeInteger(into, at + 75, 5, state.friendlyUntilSeconds);
    into[at + 80] = (state.mode === 'currency' ? CURRENCY_MODE : 0) + (state.awaitsKey ? AWAITS_KEY : 0);
  },
  decode(bytes, at) {
    const flags = bytes[at + 80] ?? 0;
    return {
      mode: (flags & CURRENCY_MODE) === 0 ? 'kilowattHour' : 'currency',
      energy: readAccount(bytes, at),
      money: readAccount(bytes, at + ACCOUNT_BYTES),
      remainder: readUnsigned(bytes, at + 54, 3),
      month: readUnsigned(bytes, at + 57, 2),
      monthMilliWh: readUnsigned(bytes, at + 59, 7),
      settledDay: readUnsigned(bytes, at + 66, 3),
      tariff: bytes[at + 69] ?? 0,
      mutedUntilSeconds: readUnsigned(bytes, at + 70, 5),
      friendlyUntilSeconds: readUnsigned(bytes, at + 75, 5),
      awaitsKey: (flags & AWAITS_KEY) !== 0,
    };
  },
};

function writeAccount(into: Uint8Array, at: number, account: Account): void {
  writeInteger(into, at, 7, account.accepted);
  writeInteger(into, at + 7, 7, account.charged);
  writeInteger(into, at + 14, 7, account.cleared);
  writeInteger(into, at + 21, 6, account.emergency);
}

function readAccount(bytes: Uint8Array, at: number): Account {
  const accepted = readSigned56(bytes, at);
  const charged = readSigned56(bytes, at + 7);
  const cleared = readSigned56(bytes, at + 14);
  const emergency = readUnsigned(bytes, at + 21, 6);
  return { accepted, emergency, charged, cleared, balance: accepted + emergency - charged - cleared };
}
