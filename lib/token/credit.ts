/** The electricity credit token, class 0 subclass 0: what a prepaid meter lives on (sts.md 2.1, 2.2). */
import type { Block, BlockCipher } from '../crypto/block-cipher.ts';
import { decodeAmount, encodeAmount } from './amount.ts';
import { writeIssued } from './block-fields.ts';
import { sealBlock } from './token.ts';

/** What a sale of electricity puts into a token. */
export interface CreditElectricity {
  /** 24 bits, minutes since the base date; not checked against the reserved minute, which a utility may ask for. */
  readonly tidMinutes: number;
  /** 4 bits of the issuer's choice, so that equal requests differ; no meter checks them. */
  readonly rnd: number;
  /** Whole 0.1 kWh, 0 to 18,201,624. */
  readonly amountDeciKwh: number;
}

/** The digits of a sale, and what they are worth. */
export interface EncodedCredit {
  /** 20 digits. */
  readonly tokenNo: string;
  /** What the token really carries, 0.1 kWh: the amount or up to one coding step more. */
  readonly carriedDeciKwh: number;
}

const scratch: Block = new Uint32Array(2);

/**
 * The same digits as `encodeToken` makes of a `creditElectricity`, with no token object in between: most tokens of the world
 * are made here.
 * @throws StsFault `amount_out_of_range`. @throws RangeError, TypeError when tidMinutes or rnd is out of its bits.
 */
export function encodeCreditElectricity(credit: CreditElectricity, cipher: BlockCipher): EncodedCredit {
  const field = encodeAmount(credit.amountDeciKwh);
  const tokenClass = writeIssued(scratch, 0, 0, credit.tidMinutes, credit.rnd, field);
  return { tokenNo: sealBlock(tokenClass, scratch, cipher), carriedDeciKwh: decodeAmount(field) };
}
