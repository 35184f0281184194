/** What a vendor sees before money changes hands: the meter, whether it can be sold to, and what the payment will meet. */
import { StsFault } from '../../lib/faults.ts';
import type { MeterRecord } from '../store/contract.ts';
import { type BlockPosition, blockPosition } from '../tariff/energy.ts';
import { chargesDue } from '../tariff/fixed-charges.ts';
import { localMoment } from '../tariff/local-time.ts';
import { freeUnitsDue, reckonUnits, unitsOfMonth } from '../tariff/reckon.ts';
import type { Vending } from './context.ts';
import { mayCarryCredit } from './key-plan.ts';
import { findForSale, lookUpCode, type MeterForSale, planFor } from './purchase.ts';

export interface LookUp {
  readonly meter: MeterRecord;
  readonly lookUpCode: string;
  /** Whether a sale would go through for a payment between the two bounds. */
  readonly canVend: boolean;
  readonly currency: string;
  /** Least payment that yields 0.1 kWh after all deductions, and the most that one sale takes; minor units. */
  readonly minimumMinor: number;
  readonly maximumMinor: number;
  readonly arrears: readonly { debtId: string; label: string; balanceMinor: number }[];
  readonly chargesDue: readonly { chargeId: string; label: string; dueMinor: number }[];
  readonly freeUnitsDueDeciKwh: number;
  /** Whether free units come with a purchase alone. */
  readonly freeUnitsOnlyWithSale: boolean;
  readonly monthUnitsDeciKwh: number;
  /** null for a tariff that bills by band. */
  readonly block: BlockPosition | null;
}

/** @throws StsFault of the meter's number, `meter_unknown`, `vendor_unknown`, `tariff_unknown`, `tariff_not_in_force`. */
export async function lookUp(vending: Vending, vendorId: string, meterNumber: string): Promise<LookUp> {
  const now = vending.clock.now();
  const found = await findForSale(vending, vendorId, meterNumber, now);
  const { vendor, meter, terms, purchases } = found;
  const { history } = purchases;
  const local = localMoment(now, terms.timeZone);
  const monthUnitsDeciKwh = unitsOfMonth(history, local.month);
  const minimumMinor = leastPayment(found, now);
  return {
    meter,
    lookUpCode: lookUpCode(meter),
    canVend:
      meter.replacedBy === null &&
      minimumMinor !== undefined &&
      vendor.currency === terms.currency &&
      (await hasKey(vending, meter, now)),
    currency: terms.currency,
    minimumMinor: minimumMinor ?? terms.minimumMinor,
    maximumMinor: terms.maximumMinor,
    arrears: history.debts
      .filter(({ balanceMinor }) => balanceMinor > 0)
      .map(({ debtId, label, balanceMinor }) => ({ debtId, label, balanceMinor })),
    chargesDue: chargesDue(terms, history.charges, local)
      .filter(({ dueMinor }) => dueMinor > 0)
      .map(({ charge, dueMinor }) => ({ chargeId: charge.chargeId, label: charge.label, dueMinor })),
    freeUnitsDueDeciKwh: freeUnitsDue(terms, history, now),
    freeUnitsOnlyWithSale: terms.freeUnitsOnlyWithSale === true,
    monthUnitsDeciKwh,
    block: terms.energy.kind === 'timeOfUse' ? null : blockPosition(terms, monthUnitsDeciKwh),
  };
}

/** undefined where no payment that the tariff takes would leave anything for energy. */
function leastPayment({ terms, purchases }: MeterForSale, now: number): number | undefined {
  if (terms.energy.kind === 'timeOfUse') return terms.minimumMinor;
  const { paidMinor, reckoning } = reckonUnits(terms, purchases.history, 1, now);
  return reckoning.kind === 'reckoned' ? paidMinor : undefined;
}

/** Whether the module holds a key that the meter's next credit can be made under now; its other rules are asked at the sale. */
async function hasKey(vending: Vending, meter: MeterRecord, now: number): Promise<boolean> {
  try {
    return mayCarryCredit(await planFor(vending, meter, now), now);
  } catch (error) {
    if (error instanceof StsFault && error.code === 'security_module_unavailable') return false;
    throw error;
  }
}
