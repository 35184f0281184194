/** Sales, deposits and debts as an export shows them, with the money that moved for each: their rows, alike in both databases. */
import type { DebtRow, DepositRow, SaleRow, Transfer } from './contract.ts';

export interface SoldRow {
  readonly sold_id: string | null;
  readonly vendor_id: string;
  readonly request_id: string;
  readonly request_hash: string;
  readonly sold_to: string;
  readonly currency: string;
  readonly paid_minor: number;
  readonly amount_deci_kwh: number;
  readonly sold_at: number;
  readonly response_body: string;
  readonly response_digest: string;
  readonly transfers: string | null;
}

export function saleRowOf(row: SoldRow): SaleRow {
  return {
    saleId: String(row.sold_id),
    vendorId: row.vendor_id,
    requestId: row.request_id,
    requestHash: row.request_hash,
    meterPan: row.sold_to,
    currency: row.currency,
    paidMinor: row.paid_minor,
    amountDeciKwh: row.amount_deci_kwh,
    soldAt: row.sold_at,
    responseBody: row.response_body,
    responseDigest: row.response_digest,
    transfers: transfersOf(row.transfers),
  };
}

export interface DepositedRow
  extends Pick<SoldRow, 'vendor_id' | 'request_id' | 'request_hash' | 'currency' | 'transfers'> {
  readonly amount_minor: number;
  readonly reference: string;
  readonly deposited_at: number;
}

export function depositOf(row: DepositedRow): DepositRow {
  return {
    vendorId: row.vendor_id,
    requestId: row.request_id,
    requestHash: row.request_hash,
    currency: row.currency,
    amountMinor: row.amount_minor,
    reference: row.reference,
    depositedAt: row.deposited_at,
    transfers: transfersOf(row.transfers),
  };
}

export interface OwedRow extends Pick<SoldRow, 'transfers'> {
  readonly debt_id: string;
  readonly meter_pan: string;
  readonly opened_minor: number;
  readonly balance_minor: number;
  readonly opened_at: number;
}

export function debtRowOf(row: OwedRow): DebtRow {
  return {
    debtId: row.debt_id,
    meterPan: row.meter_pan,
    openedMinor: row.opened_minor,
    balanceMinor: row.balance_minor,
    openedAt: row.opened_at,
    transfers: transfersOf(row.transfers),
  };
}

export function transfersOf(json: string | null): readonly Transfer[] {
  const rows = JSON.parse(json ?? '[]') as [string, string, number][];
  return rows.map(([debitAccount, creditAccount, amountMinor]) => ({
    debitAccount,
    creditAccount,
    amountMinor,
  }));
}
