/** Deposits and tariff versions inside a transaction of SQLite: an approval does them in its own commit. */
import type { DepositRequest, DepositResult, PutResult, TariffVersion, Transfer } from '../contract.ts';
import type { Statements } from './statements.ts';

export function recordDeposit(
  sql: Statements,
  request: DepositRequest,
  addTransfers: (cause: string, transfers: readonly Transfer[], bookedAt: number) => void,
): DepositResult {
  const { vendorId, requestId, requestHash, amountMinor } = request;
  const held = sql.findDeposit.get(vendorId, requestId) as
    | { request_hash: string; float_after_minor: number }
    | undefined;
  if (held !== undefined) {
    if (held.request_hash !== requestHash) return { kind: 'exists_with_different_request' };
    return { kind: 'exists', floatMinor: held.float_after_minor };
  }
  const vendor = sql.findVendor.get(vendorId) as { float_minor: number } | undefined;
  if (vendor === undefined) return { kind: 'vendor_unknown' };
  const floatMinor = vendor.float_minor + amountMinor;
  if (floatMinor > Number.MAX_SAFE_INTEGER) return { kind: 'float_too_large' };
  sql.moveFloat.run(amountMinor, vendorId);
  sql.addDeposit.run(
    vendorId,
    requestId,
    requestHash,
    amountMinor,
    request.reference,
    request.at,
    floatMinor,
  );
  addTransfers(`deposit ${vendorId} ${requestId}`, request.transfers, request.at);
  return { kind: 'recorded', floatMinor };
}

export function addTariffVersion(sql: Statements, { tariffId, validFrom, terms }: TariffVersion): PutResult {
  const held = (sql.findTariff.all(tariffId) as { valid_from: number; terms: string }[]).find(
    (row) => row.valid_from === validFrom,
  );
  if (held !== undefined) return held.terms === terms ? 'same' : 'exists';
  sql.addTariff.run(tariffId);
  sql.addTariffVersion.run(tariffId, validFrom, terms);
  return 'created';
}
