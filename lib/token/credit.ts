/** The electricity credit token, class 0 subclass 0: what a prepaid meter lives on (sts.md 2.1, 2.2). */
import { invariant } from '../assert.ts';
import type { BlockCipher } from '../crypto/block-cipher.ts';
import { encodeToken } from './token.ts';

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

/** @throws StsFault `amount_out_of_range`. @throws RangeError when tidMinutes or rnd is out of its bits. */
export function encodeCreditElectricity(credit: CreditElectricity, cipher: BlockCipher): EncodedCredit {
  const { tidMinutes, rnd, amountDeciKwh } = credit;
  const { tokenNo, carried } = encodeToken(
    { kind: 'creditElectricity', tidMinutes, rnd, amountDeciKwh },
    cipher,
  );
  invariant(carried.kind === 'creditElectricity', 'a credit is made as a credit');
  return { tokenNo, carriedDeciKwh: carried.amountDeciKwh };
}
