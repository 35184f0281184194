/** The answer to a sale, made once, stored as it is and given again byte for byte. */
import { decimalText } from '../../lib/decimal.ts';
import { groupTokenNo } from '../../lib/token/token-no.ts';
import type { IssuedCredit } from '../security-module/contract.ts';
import type { MeterRecord } from '../store/contract.ts';
import { type BlockPosition, blockPosition } from '../tariff/energy.ts';
import { type SaleLine, unitsOfMonth } from '../tariff/reckon.ts';
import type { Purchase } from './purchase.ts';

/** What a payment becomes: the same in a trial and in the sale. */
export interface PurchasePicture {
  readonly meter: Pick<MeterRecord, 'drn' | 'meterPan' | 'supplyGroupCode' | 'tariffIndex' | 'keyRevision'>;
  readonly currency: string;
  readonly paidMinor: number;
  readonly lines: readonly SaleLine[];
  /** Before tokens are coded, whole 0.1 kWh; a token may carry up to one coding step more. */
  readonly amountDeciKwh: number;
  /** Where the meter stands in the month; null for a tariff that bills by band. */
  readonly month: MonthPosition | null;
  /** Money below the price of 0.1 kWh that waits for the next purchase, minor units, decimal text. */
  readonly carriedMinor: string;
}

export interface MonthPosition {
  /** Units bought in it after this purchase, whole 0.1 kWh. */
  readonly unitsDeciKwh: number;
  readonly blockBefore: BlockPosition;
  readonly blockAfter: BlockPosition;
}

export interface SaleResponse extends PurchasePicture {
  readonly saleId: string;
  readonly requestId: string;
  /** ISO 8601 UTC. */
  readonly soldAt: string;
  readonly vendorId: string;
  readonly tokens: readonly SoldToken[];
  readonly ledger: { readonly moduleId: string; readonly counter: number; readonly entryHash: string };
}

export interface SoldToken {
  readonly kind: 'creditElectricity';
  readonly tokenNo: string;
  /** For a slip: '1234 5678 9012 3456 7890'. */
  readonly tokenNoGrouped: string;
  /** What the token carries, which the coding may have rounded up by one step (sts.md 2.3). */
  readonly amountDeciKwh: number;
  readonly amountKwh: string;
  readonly tidMinutes: number;
}

export interface SoldSale {
  readonly saleId: string;
  readonly requestId: string;
  readonly soldAt: number;
  readonly purchase: Purchase;
  readonly tidMinutes: number;
  /** What the token will carry, 0.1 kWh. */
  readonly carriedDeciKwh: number;
}

export function pictureOf({ meter, terms, purchases, paidMinor, reckoned }: Purchase): PurchasePicture {
  const { drn, meterPan, supplyGroupCode, tariffIndex, keyRevision } = meter;
  const { lines, amountDeciKwh, history } = reckoned;
  const month: MonthPosition | null =
    terms.energy.kind === 'timeOfUse'
      ? null
      : {
          unitsDeciKwh: history.monthUnitsDeciKwh,
          blockBefore: blockPosition(terms, unitsOfMonth(purchases.history, history.month)),
          blockAfter: blockPosition(terms, history.monthUnitsDeciKwh),
        };
  return {
    meter: { drn, meterPan, supplyGroupCode, tariffIndex, keyRevision },
    currency: terms.currency,
    paidMinor,
    lines,
    amountDeciKwh,
    month,
    carriedMinor: history.carriedMinor,
  };
}

/** The answer but for the digits and the place in the chain: what is known, and bound, before the token is made. */
export function answerBeforeToken(sold: SoldSale): SaleResponse {
  const { saleId, requestId, soldAt, purchase, tidMinutes, carriedDeciKwh } = sold;
  return {
    saleId,
    requestId,
    soldAt: new Date(soldAt).toISOString(),
    vendorId: purchase.vendor.vendorId,
    ...pictureOf(purchase),
    tokens: [
      {
        kind: 'creditElectricity',
        tokenNo: '',
        tokenNoGrouped: '',
        amountDeciKwh: carriedDeciKwh,
        amountKwh: decimalText(carriedDeciKwh, 1),
        tidMinutes,
      },
    ],
    // The place of a token that is not made yet; no hash covers it.
    ledger: { moduleId: '', counter: 0, entryHash: '' },
  };
}

/** The answer as it is given, in the same order of its fields. */
export function answerWithToken(answer: SaleResponse, { tokenNo, entry }: IssuedCredit): SaleResponse {
  const { moduleId, counter, entryHash } = entry;
  const tokenNoGrouped = groupTokenNo(tokenNo);
  return {
    ...answer,
    tokens: answer.tokens.map((token) => ({ ...token, tokenNo, tokenNoGrouped })),
    ledger: { moduleId, counter, entryHash },
  };
}
