/** Deposits and tariff versions inside a transaction of PostgreSQL: an approval does them in its own commit. */
import { NO_HISTORY } from '../../tariff/history.ts';
import type { DepositRequest, DepositResult, PutResult, TariffVersion } from '../contract.ts';
import { vendorOf } from '../rows.ts';
import type { Ask } from './connections.ts';
import { transferRows } from './sales.ts';

/** The vendor's row is locked first: two deposits of one id come one after the other. */
export async function recordDeposit(ask: Ask, request: DepositRequest): Promise<DepositResult> {
  const { vendorId, requestId, requestHash, amountMinor } = request;
  const [vendor] = (await ask('lockVendor', [vendorId])).map(vendorOf);
  const [held] = await ask('findDeposit', [vendorId, requestId]);
  if (held !== undefined) {
    if (held.request_hash !== requestHash) return { kind: 'exists_with_different_request' };
    return { kind: 'exists', floatMinor: held.float_after_minor };
  }
  if (vendor === undefined) return { kind: 'vendor_unknown' };
  const floatMinor = vendor.floatMinor + amountMinor;
  if (floatMinor > Number.MAX_SAFE_INTEGER) return { kind: 'float_too_large' };
  await ask('moveFloat', [vendorId, amountMinor]);
  const { reference, at } = request;
  await ask('addDeposit', [vendorId, requestId, requestHash, amountMinor, reference, at, floatMinor]);
  await ask('addFloatEntry', [vendorId, 'deposit', requestId, at, amountMinor, floatMinor]);
  const transfers = JSON.stringify(transferRows(request.transfers));
  await ask('addTransfers', [`deposit ${vendorId} ${requestId}`, transfers, at]);
  return { kind: 'recorded', floatMinor };
}

/** Inside a transaction or by itself. */
export async function addTariffVersion(ask: Ask, version: TariffVersion): Promise<PutResult> {
  const { tariffId, validFrom, terms } = version;
  const added = await ask('addTariffVersion', [tariffId, validFrom, terms]);
  if (added.length > 0) return 'created';
  const held = (await ask('findTariffs', [[tariffId]])).find((row) => row.valid_from === validFrom);
  return held?.terms === terms ? 'same' : 'exists';
}

/** A sale that was reckoned without what has changed must be reckoned again. */
export async function raisePurchasesVersion(ask: Ask, meterPan: string): Promise<void> {
  const { month, monthUnitsDeciKwh, freeUnitsMonth, carriedMinor, charges } = NO_HISTORY;
  const history = [month, monthUnitsDeciKwh, freeUnitsMonth, carriedMinor, JSON.stringify(charges)];
  await ask('raisePurchasesVersion', [meterPan, ...history]);
}
