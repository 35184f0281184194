/**
 * What is more than a sale on PostgreSQL: a token that stands for an earlier one, and a meter that takes another one's place.
 * Both are rare, and each has one transaction for all that it changes.
 */
import { StsFault } from '../../../lib/faults.ts';
import { TID_MAX } from '../../../lib/token/tid.ts';
import type { Carried, SaleAftermath, VendClaim, VendRecord } from '../contract.ts';
import type { Ask, Row } from './connections.ts';

export interface Sale {
  readonly claim: VendClaim;
  readonly record: VendRecord;
  /** The claim of the old meter of a change-out. */
  readonly besides?: VendClaim;
}

/**
 * Inside a transaction. Meters first and in one order, as whoever opens a debt locks them too.
 * @param given - the sale as its statement takes it.
 * @returns false when the claim was gone, and nothing was written.
 * @throws StsFault `token_not_replaceable`, `meter_changed_out`.
 */
export async function recordMore(
  ask: Ask,
  { claim, record, besides }: Sale,
  given: string,
): Promise<boolean> {
  const { meterPan, vendorId } = claim.request;
  const meters = [meterPan, ...(besides === undefined ? [] : [besides.request.meterPan])];
  await ask('lockMeters', [meters]);
  if (record.replaces !== undefined) await ask('lockSale', [record.replaces.saleId]);
  const [fate] = await ask('recordVends', [given]);
  if (fate?.kept !== true) return false;
  if (besides !== undefined) {
    // Without its row anybody may have sold to the old meter since.
    if (await isNothing(ask('takeClaim', [besides.claimId, vendorId]))) throw changedMeanwhile();
    await changeOut(ask, { claim, record, besides });
  }
  if (record.replaces !== undefined) await replace(ask, record);
  return true;
}

async function replace(ask: Ask, { saleId: bySaleId, replaces }: VendRecord): Promise<void> {
  if (replaces === undefined) return;
  const { saleId, place, moduleId, counter } = replaces;
  const isReversed = !(await isNothing(ask('findReversed', [saleId])));
  if (isReversed || (await isNothing(ask('addReplaced', [saleId, place, moduleId, counter, bySaleId]))))
    throw new StsFault('token_not_replaceable', 'it was replaced or taken back meanwhile');
}

async function changeOut(ask: Ask, { claim, record, besides }: Required<Sale>): Promise<void> {
  const { meterPan } = claim.request;
  const { meterPan: oldPan, purchasesVersion } = besides.request;
  if (await isNothing(ask('leaveMeter', [oldPan, purchasesVersion, record.saleId]))) throw changedMeanwhile();
  await ask('useUpTids', [oldPan, TID_MAX]);
  if (await isNothing(ask('setReplacedBy', [oldPan, meterPan]))) throw changedMeanwhile();
  if (await isNothing(ask('setReplaces', [meterPan, oldPan]))) throw changedMeanwhile();
  for (const { fromDebtId, debt } of record.changeOut?.debts ?? []) {
    const { debtId, balanceMinor } = debt;
    if (await isNothing(ask('moveDebt', [debtId, meterPan, fromDebtId, balanceMinor])))
      throw changedMeanwhile();
    await ask('endDebt', [fromDebtId]);
  }
}

async function isNothing(rows: Promise<readonly Row[]>): Promise<boolean> {
  return (await rows).length === 0;
}

function changedMeanwhile(): StsFault {
  return new StsFault('meter_changed_out', 'the old meter has changed meanwhile');
}

export function aftermathOf(replaced: readonly Row[], reversed: readonly Row[]): SaleAftermath {
  return {
    isReversed: reversed.length > 0,
    replaced: replaced.map((row) => ({ place: row.place, bySaleId: row.by_sale_id })),
  };
}

export function carriedOf(row: Row): Carried {
  return { amountDeciKwh: row.deci_kwh, amountHundredThousandth: row.money };
}
