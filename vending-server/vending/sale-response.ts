/** The answer to a sale, made once, stored as it is and given again byte for byte. */
import { decimalText } from '../../lib/decimal.ts';
import { groupTokenNo } from '../../lib/token/token-no.ts';
import type { ChainEntry, IssuedCredit } from '../security-module/contract.ts';
import type { MeterRecord } from '../store/contract.ts';
import type { SaleLine } from '../tariff/flat.ts';

export interface SaleResponse {
  readonly saleId: string;
  readonly requestId: string;
  /** ISO 8601 UTC. */
  readonly soldAt: string;
  readonly vendorId: string;
  readonly meter: Pick<MeterRecord, 'drn' | 'meterPan' | 'supplyGroupCode' | 'tariffIndex' | 'keyRevision'>;
  readonly currency: string;
  readonly paidMinor: number;
  readonly lines: readonly SaleLine[];
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
  readonly vendorId: string;
  readonly meter: MeterRecord;
  readonly currency: string;
  readonly paidMinor: number;
  readonly lines: readonly SaleLine[];
  readonly tidMinutes: number;
  readonly issued: Pick<IssuedCredit, 'tokenNo' | 'carriedDeciKwh'> & {
    readonly entry: Pick<ChainEntry, 'moduleId' | 'counter' | 'entryHash'>;
  };
}

export function saleResponse(sale: SoldSale): SaleResponse {
  const { saleId, requestId, vendorId, currency, paidMinor, lines, meter, issued } = sale;
  const { drn, meterPan, supplyGroupCode, tariffIndex, keyRevision } = meter;
  const { moduleId, counter, entryHash } = issued.entry;
  return {
    saleId,
    requestId,
    soldAt: new Date(sale.soldAt).toISOString(),
    vendorId,
    meter: { drn, meterPan, supplyGroupCode, tariffIndex, keyRevision },
    currency,
    paidMinor,
    lines,
    tokens: [
      {
        kind: 'creditElectricity',
        tokenNo: issued.tokenNo,
        tokenNoGrouped: groupTokenNo(issued.tokenNo),
        amountDeciKwh: issued.carriedDeciKwh,
        amountKwh: decimalText(issued.carriedDeciKwh, 1),
        tidMinutes: sale.tidMinutes,
      },
    ],
    ledger: { moduleId, counter, entryHash },
  };
}
