/**
 * One order to its tokens: judged by the rules, made, and read back before anything is counted. A meter reads what a
 * customer paid for, so the module reads it first.
 */
import { invariant } from '../../lib/assert.ts';
import type { BlockCipher } from '../../lib/crypto/block-cipher.ts';
import { StsFault } from '../../lib/faults.ts';
import { hexFromBytes } from '../../lib/hex.ts';
import type { BaseDate } from '../../lib/identity/attributes.ts';
import { keyChangeSections } from '../../lib/keys/key-change.ts';
import type { CurrencyToken, DecodedToken, Token } from '../../lib/token/kinds.ts';
import { decodeToken, encodeToken } from '../../lib/token/token.ts';
import type { Clock, Random } from '../clock.ts';
import { keyText, writeStatement } from '../ledger/token-statement.ts';
import type {
  CarriedToken,
  CreditOrder,
  KeyChangeOrder,
  ManagementOrder,
  MeterKeyAttributes,
  PaymentEntry,
  PaymentOrder,
  TokenOrder,
  VerifiedToken,
  VerifyRequest,
} from './contract.ts';
import { keyName } from './key-name.ts';
import type { KeyRing, ReadyVendingKey } from './key-ring.ts';
import {
  assertCreditKey,
  assertKeyChange,
  assertLimits,
  assertSubclass,
  assertTid,
  assertUsable,
  unitsOf,
} from './rules.ts';

/** A token made, with what the chain, the journal and the counters need of it. */
export interface MadeToken {
  /** null for money without a token. */
  readonly tokenNo: string | null;
  readonly carried: CarriedToken | PaymentEntry;
  readonly statement: string;
  readonly meterPan: string;
  readonly baseDate: BaseDate;
  readonly tidMinutes: number | null;
  /** The vending key that the token counts for. */
  readonly keyName: string;
  /** What it adds to the sum of its kind. */
  readonly units: bigint;
}

export interface TokenMakerParts {
  readonly ring: KeyRing;
  readonly clock: Clock;
  /** The 4 bits of RND come from here (open question B5). */
  readonly random: Random;
  /** How far a TID may be from the clock, to both sides (open questions C6 and D3). */
  readonly tidWindowMinutes: number;
}

/** @throws StsFault as `SecurityModule.issue` lists them. */
export function makeTokens(order: TokenOrder, parts: TokenMakerParts): readonly MadeToken[] {
  switch (order.purpose) {
    case 'keyChange':
      return makeKeyChange(order, parts);
    case 'payment':
      return [paymentEntry(order)];
    case 'credit':
    case 'management':
      return [makeOne(order, parts)];
  }
}

/** Counted for the meter's vending key, which is not touched and need not be held. */
function paymentEntry({ meter }: PaymentOrder): MadeToken {
  const { meterPan, baseDate } = meter;
  const kind = 'payment';
  const statement = writeStatement({ kind, carried: '-', meterPan, key: keyText(meter), tidMinutes: null });
  const tidMinutes = null;
  return {
    tokenNo: null,
    carried: { kind },
    statement,
    meterPan,
    baseDate,
    tidMinutes,
    keyName: keyName(meter),
    units: 0n,
  };
}

function makeOne(order: CreditOrder | ManagementOrder, parts: TokenMakerParts): MadeToken {
  const { meter, tidMinutes } = order;
  if (order.purpose === 'credit') assertCreditKey(meter, keyName(meter));
  const key = parts.ring.keyOf(meter);
  const cipher = parts.ring.cipherOf(meter, key);
  const now = parts.clock.now();
  assertUsable(key, meter, now);
  assertSubclass(key, order.token);
  assertTid(key, tidMinutes, now, parts.tidWindowMinutes);
  const rnd = (parts.random.bytes(1)[0] ?? 0) & 15;
  const made = makeAndRead(tokenOf(order, rnd), meter, key, cipher);
  if (made.carried.kind !== 'payment') assertLimits(key, made.carried);
  return made;
}

function tokenOf({ token, tidMinutes }: CreditOrder | ManagementOrder, rnd: number): Token {
  // These two win over whatever an order's token holds: the TID is the one that was judged.
  if (token.kind !== 'currencyCredit') return Object.assign({}, token, { tidMinutes, rnd });
  const { kind, resource, amountHundredThousandth: text } = token;
  if (typeof text !== 'string' || !/^-?[0-9]{1,40}$/.test(text)) {
    throw new StsFault('amount_out_of_range', undefined, { param: 'amount' });
  }
  return { kind, resource, tidMinutes, amountHundredThousandth: BigInt(text) };
}

/** All sections under the old decoder key (sts.md 7.1). */
function makeKeyChange(order: KeyChangeOrder, parts: TokenMakerParts): readonly MadeToken[] {
  const { from, to, threeSections } = order;
  const oldKey = parts.ring.keyOf(from);
  const newKey = parts.ring.keyOf(to);
  const cipher = parts.ring.cipherOf(from, oldKey);
  const now = parts.clock.now();
  assertUsable(oldKey, from, now);
  assertUsable(newKey, to, now);
  const { rollOver } = assertKeyChange(order, oldKey.attributes, newKey.attributes, now);
  const decoderKey = newKey.derive(to);
  const { keyRevision, keyType, tariffIndex, supplyGroupCode } = to;
  const sections = keyChangeSections(from.encryptionAlgorithm, {
    newDecoderKey: hexFromBytes(decoderKey),
    keyExpiry: newKey.attributes.keyExpiry,
    keyRevision,
    keyType,
    tariffIndex,
    supplyGroupCode,
    rollOver,
    threeSections,
  });
  decoderKey.fill(0);
  for (const section of sections) assertSubclass(oldKey, section);
  return sections.map((section) => makeAndRead(section, from, oldKey, cipher, keyText(to)));
}

function makeAndRead(
  token: Token,
  meter: MeterKeyAttributes,
  key: ReadyVendingKey,
  cipher: BlockCipher,
  target = '-',
): MadeToken {
  const { tokenNo, carried } = encodeToken(token, cipher);
  const read = decodeToken(tokenNo, cipher);
  invariant(sameFields(read, carried), 'a token just made carries its fields');
  invariant(isNotLess(carried, token), 'a token just made carries what was paid for');
  const { meterPan, baseDate } = meter;
  const tidMinutes = 'tidMinutes' in carried ? carried.tidMinutes : null;
  invariant(!('tidMinutes' in token) || token.tidMinutes === tidMinutes, 'a token just made carries its TID');
  const told = tellable(carried);
  const value = carriedText(carried, target);
  return {
    tokenNo,
    carried: told,
    statement: writeStatement({ kind: told.kind, carried: value, meterPan, key: keyText(meter), tidMinutes }),
    meterPan,
    baseDate,
    tidMinutes,
    keyName: key.name,
    units: carried.kind === 'currencyCredit' ? carried.amountHundredThousandth : BigInt(unitsOf(told) ?? 0),
  };
}

function sameFields(read: DecodedToken, carried: Token): boolean {
  const other = read as unknown as Readonly<Record<string, unknown>>;
  return Object.entries(carried).every(([field, value]) => other[field] === value);
}

function isNotLess(carried: Token, asked: Token): boolean {
  if (carried.kind === 'currencyCredit') {
    return carried.amountHundredThousandth >= (asked as CurrencyToken).amountHundredThousandth;
  }
  return (unitsOf(carried as CarriedToken) ?? 0) >= (unitsOf(asked as CarriedToken) ?? 0);
}

/** What may be told of a token: of a key change not the 32 bits of the key. */
function tellable(token: Exclude<Token, { kind: 'initiateTest' }>): CarriedToken;
function tellable(token: Token): CarriedToken;
function tellable(token: Token): CarriedToken {
  if (token.kind === 'currencyCredit') {
    return { ...token, amountHundredThousandth: String(token.amountHundredThousandth) };
  }
  if ('keyPart' in token) {
    const { keyPart: _secret, ...rest } = token;
    return rest;
  }
  return token as CarriedToken;
}

/** The value of a token in a statement of the chain (ledger/token-statement.ts). */
function carriedText(token: Token, target: string): string {
  switch (token.kind) {
    case 'currencyCredit':
      return `${token.resource}:${token.amountHundredThousandth}`;
    case 'setMaximumPowerLimit':
    case 'setMaximumPhasePowerUnbalanceLimit':
      return String(token.limitWatt);
    case 'clearCredit':
      return String(token.registerCode);
    case 'setTariffRate':
      return String(token.rateRaw);
    case 'setWaterMeterFactor':
      return String(token.factorRaw);
    case 'setFlag':
      return `${token.flag}:${token.isSet ? 1 : 0}`;
    case 'setControl':
      return `${token.index}:${token.valueRaw}`;
    case 'clearTamper':
      return '-';
    case 'creditElectricity':
    case 'creditWater':
    case 'creditGas':
    case 'creditTime':
      return String(unitsOf(token) ?? 0);
    default:
      return target;
  }
}

/** See `SecurityModule.verify`. */
export function verifyToken(request: VerifyRequest, ring: KeyRing): readonly VerifiedToken[] {
  const { tokenNo, meter, underAnyKey } = request;
  if (!underAnyKey) {
    const key = ring.keyOf(meter);
    return [readUnder(key, tokenNo, ring.cipherOf(meter, key))];
  }
  return ring.keysOfGroup(meter.supplyGroupCode).flatMap((key) => {
    const { keyRevision, keyType, baseDate, decoderKeyAlgorithm } = key.attributes;
    const under = { ...meter, keyRevision, keyType, baseDate, decoderKeyAlgorithm };
    let cipher: BlockCipher;
    try {
      cipher = ring.cipherOf(under, key);
    } catch {
      return []; // no decoder key of such a meter comes from this vending key
    }
    const verified = readUnder(key, tokenNo, cipher);
    return verified.read.kind === 'crcError' ? [] : [verified];
  });
}

function readUnder(key: ReadyVendingKey, tokenNo: string, cipher: BlockCipher): VerifiedToken {
  const { supplyGroupCode, keyRevision, keyType, baseDate } = key.attributes;
  const decoded = decodeToken(tokenNo, cipher);
  const read = 'tokenClass' in decoded || decoded.kind === 'crcError' ? decoded : tellable(decoded as Token);
  return { supplyGroupCode, keyRevision, keyType, baseDate, read };
}
