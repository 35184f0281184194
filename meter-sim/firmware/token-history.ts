/**
 * The last tokens that were entered, accepted or not, for whoever settles a dispute at the door. Refusals that change nothing
 * in the meter are durable with the next record and not by themselves, or a wrong slip keyed again and again would wear the
 * memory.
 */
import type { TokenEffect } from '../../lib/meter/outcome.ts';
import { readUnsigned, type Section, writeInteger } from './bytes.ts';
import { ENTRY_CODES, type EntryOutcome } from './outcome.ts';

export const HISTORY_LENGTH = 10;

/** What an accepted token did. A record holds the place in this list: new ones go to the end. */
const DEEDS = [
  'nothing',
  'electricity',
  'water',
  'gas',
  'time',
  'currency',
  'cleared',
  'tamperCleared',
  'settingChanged',
  'keyChanged',
  'display',
] as const;

export type TokenDeed = (typeof DEEDS)[number];

export interface PastToken {
  readonly epochSeconds: number;
  /** The last four digits, as on the slip; never more. */
  readonly lastDigits: string;
  /** The result register of sts.md 8.1. */
  readonly code: number;
  readonly deed: TokenDeed;
  /** Tenths of the unit for a resource, 0.01 of the currency for money, the register code where one was cleared, else 0. */
  readonly amount: number;
}

/** A ring: the newest stands before `next`. */
export interface TokenHistory {
  readonly places: readonly (PastToken | undefined)[];
  readonly next: number;
}

const ENTRY_BYTES = 12;
const GREATEST_AMOUNT = 0x7fffffff;

/**
 *     0  next place      then for each place 12:   0 epoch seconds 4 (0 for none)    6 code    8 amount 4, signed
 *                                                  4 last digits 2                   7 deed
 */
export const TOKEN_HISTORY: Section<TokenHistory> = {
  bytes: 1 + HISTORY_LENGTH * ENTRY_BYTES,
  initial: { places: new Array<undefined>(HISTORY_LENGTH).fill(undefined), next: 0 },
  encode: ({ places, next }, into, at) => {
    into[at] = next;
    places.forEach((token, place) => {
      const start = at + 1 + place * ENTRY_BYTES;
      into.fill(0, start, start + ENTRY_BYTES);
      if (token === undefined) return;
      writeInteger(into, start, 4, token.epochSeconds);
      writeInteger(into, start + 4, 2, Number(token.lastDigits));
      into[start + 6] = token.code;
      into[start + 7] = DEEDS.indexOf(token.deed);
      writeInteger(into, start + 8, 4, token.amount);
    });
  },
  decode: (bytes, at) => ({
    next: (bytes[at] ?? 0) % HISTORY_LENGTH,
    places: Array.from({ length: HISTORY_LENGTH }, (_, place) =>
      readToken(bytes, at + 1 + place * ENTRY_BYTES),
    ),
  }),
};

function readToken(bytes: Uint8Array, at: number): PastToken | undefined {
  const epochSeconds = readUnsigned(bytes, at, 4);
  if (epochSeconds === 0) return undefined;
  const amount = readUnsigned(bytes, at + 8, 4);
  return {
    epochSeconds,
    lastDigits: String(readUnsigned(bytes, at + 4, 2)).padStart(4, '0'),
    code: bytes[at + 6] ?? 0,
    deed: DEEDS[bytes[at + 7] ?? 0] ?? 'nothing',
    amount: amount > GREATEST_AMOUNT ? amount - 2 ** 32 : amount,
  };
}

/** @returns the history with one token more in the place of the oldest. */
export function remembered(
  { places, next }: TokenHistory,
  tokenNo: string,
  outcome: EntryOutcome,
  epochSeconds: number,
): TokenHistory {
  const token: PastToken = {
    epochSeconds: Math.max(1, epochSeconds),
    lastDigits: /^\d{4}$/.test(tokenNo.slice(-4)) ? tokenNo.slice(-4) : '0000',
    code: ENTRY_CODES[outcome.result],
    ...deedOf(outcome),
  };
  return {
    places: places.map((past, place) => (place === next ? token : past)),
    next: (next + 1) % HISTORY_LENGTH,
  };
}

/** @returns the tokens, the newest first. */
export function pastTokens({ places, next }: TokenHistory): readonly PastToken[] {
  const tokens = places.map((_, back) => places[(next - 1 - back + 2 * HISTORY_LENGTH) % HISTORY_LENGTH]);
  return tokens.filter((token) => token !== undefined);
}

function deedOf(outcome: EntryOutcome): { deed: TokenDeed; amount: number } {
  if (outcome.result !== 'Accept') return { deed: 'nothing', amount: 0 };
  const { effect } = outcome;
  return { deed: deedOfEffect(effect), amount: amountOf(effect) };
}

function deedOfEffect(effect: TokenEffect): TokenDeed {
  switch (effect.kind) {
    case 'credited':
      return effect.resource;
    case 'currencyCredited':
      return 'currency';
    case 'creditCleared':
      return 'cleared';
    case 'tamperCleared':
    case 'settingChanged':
    case 'keyChanged':
    case 'display':
      return effect.kind;
  }
}

function amountOf(effect: TokenEffect): number {
  switch (effect.kind) {
    case 'credited':
      return Math.min(effect.units, GREATEST_AMOUNT);
    case 'currencyCredited': {
      const hundredths = Math.trunc(effect.hundredThousandth / 1_000);
      return Math.max(-GREATEST_AMOUNT, Math.min(hundredths, GREATEST_AMOUNT));
    }
    case 'creditCleared':
      return effect.registerCode;
    case 'tamperCleared':
    case 'settingChanged':
    case 'keyChanged':
    case 'display':
      return 0;
  }
}
