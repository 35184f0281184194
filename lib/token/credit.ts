/**
 * The electricity credit token, class 0 subclass 0 (sts.md 2.1, 2.2):
 *
 *   63-60 subclass 0 | 59-56 RND | 55-32 TID | 31-16 amount | 15-0 CRC
 *
 * The upper word is thus exactly RND and TID, the lower amount and CRC.
 */
import { assertInteger, invariant } from '../assert.ts';
import type { Block, BlockCipher } from '../crypto/block-cipher.ts';
import { decodeAmount, encodeAmount } from './amount.ts';
import { currencyTokenCrc, tokenCrc } from './crc.ts';
import { readClearBlock, type TokenClass, tokenNoOfBlock } from './frame.ts';
import { TID_MAX } from './tid.ts';

export interface CreditElectricity {
  /** 24 bits, minutes since the base date; not checked against the reserved minute, which a utility may ask for. */
  readonly tidMinutes: number;
  /** 4 bits of the issuer's choice, so that equal requests differ; no meter checks them. */
  readonly rnd: number;
  /** Whole 0.1 kWh, 0 to 18,201,624. */
  readonly amountDeciKwh: number;
}

export interface EncodedCredit {
  /** 20 digits. */
  readonly tokenNo: string;
  /** What the token really carries, 0.1 kWh: the amount or up to one coding step more. */
  readonly carriedDeciKwh: number;
}

/** What 20 digits turn out to be under a key. */
export type DecodedToken =
  | ({ readonly kind: 'creditElectricity'; readonly crc: number } & CreditElectricity)
  /** The CRC does not fit: mistyped, another meter's, or another key's. */
  | { readonly kind: 'crcError' }
  /** The CRC fits, but this kind of token is not built here. */
  | { readonly kind: 'unsupported'; readonly tokenClass: TokenClass; readonly subclass: number };

const scratch: Block = new Uint32Array(2);

/**
 * @throws StsFault `amount_out_of_range`. @throws RangeError when tidMinutes or rnd is out of its bits.
 */
export function encodeCreditElectricity(credit: CreditElectricity, cipher: BlockCipher): EncodedCredit {
  const field = clearCreditBlock(credit, scratch);
  cipher.encrypt(scratch);
  return { tokenNo: tokenNoOfBlock(0, scratch), carriedDeciKwh: decodeAmount(field) };
}

/** Writes the unencrypted block. @returns the 16-bit amount field. */
export function clearCreditBlock(credit: CreditElectricity, block: Block): number {
  const { tidMinutes, rnd, amountDeciKwh } = credit;
  assertInteger(tidMinutes, 0, TID_MAX, 'tidMinutes');
  assertInteger(rnd, 0, 15, 'rnd');
  const field = encodeAmount(amountDeciKwh);
  const high = ((rnd << 24) | tidMinutes) >>> 0;
  const low = (field << 16) | tokenCrc(0, high, field << 16);
  invariant(tokenCrc(0, high, low) === (low & 0xffff), 'the CRC of a token just made fits it');
  block[0] = high;
  block[1] = low;
  return field;
}

/**
 * Decrypts, checks the CRC that the subclass asks for, and reads the fields; it judges nothing else. Whether a meter
 * would accept the token is `lib/meter`'s to say.
 * @throws StsFault `token_number_malformed`, `token_number_too_large`.
 */
export function decodeToken(tokenNo: string, cipher: BlockCipher): DecodedToken {
  const tokenClass = readClearBlock(tokenNo, cipher, scratch);
  const high = scratch[0] ?? 0;
  const low = scratch[1] ?? 0;
  const subclass = high >>> 28;
  const crc = low & 0xffff;
  if (tokenClass === 3) return { kind: 'unsupported', tokenClass, subclass };
  const isCurrency = tokenClass === 0 && subclass >= 4 && subclass <= 7;
  const expected = isCurrency ? currencyTokenCrc(tokenClass, high, low) : tokenCrc(tokenClass, high, low);
  if (crc !== expected) return { kind: 'crcError' };
  if (tokenClass !== 0 || subclass !== 0) return { kind: 'unsupported', tokenClass, subclass };
  return {
    kind: 'creditElectricity',
    tidMinutes: high & TID_MAX,
    rnd: (high >>> 24) & 15,
    amountDeciKwh: decodeAmount(low >>> 16),
    crc,
  };
}
