/** What a vendor sees before money changes hands: the meter, whether it can be sold to, and what the payment will meet. */
import { type FaultCode, StsFault } from '../../lib/faults.ts';
import type { LimitsLeft } from '../people/limits.ts';
import type { MeterRecord } from '../store/contract.ts';
import { type BlockPosition, blockPosition } from '../tariff/energy.ts';
import { chargesDue } from '../tariff/fixed-charges.ts';
import { localMoment } from '../tariff/local-time.ts';
import { freeUnitsDue, reckonUnits, unitsOfMonth } from '../tariff/reckon.ts';
import type { Vending } from './context.ts';
import { type CustomerPicture, maskedCustomer } from './customers.ts';
import type { KeyPlan } from './key-plan.ts';
import { findForSale, lookUpCode, type MeterForSale, planFor } from './purchase.ts';
import { limitsOf } from './sale-guard.ts';

export interface LookUp {
  readonly meter: MeterRecord;
  readonly lookUpCode: string;
  /** Whose meter it is, masked; null where nobody is registered. */
  readonly customer: CustomerPicture | null;
  /** Whether a sale would go through for a payment between the two bounds and within the limits. */
  readonly canVend: boolean;
  /** What the sale would be refused with; null when it can be sold to. */
  readonly cannotVendBecause: FaultCode | null;
  readonly currency: string;
  /** Least payment that yields 0.1 kWh after all deductions, and the most that one sale takes; minor units. */
  readonly minimumMinor: number;
  readonly maximumMinor: number;
  /** What the rules of the day leave to this vendor, operator and meter; null where none bounds. */
  readonly limits: Omit<LimitsLeft, 'refusal'>;
  readonly arrears: readonly { debtId: string; label: string; balanceMinor: number }[];
  readonly chargesDue: readonly { chargeId: string; label: string; dueMinor: number }[];
  readonly freeUnitsDueDeciKwh: number;
  /** Whether free units come with a purchase alone. */
  readonly freeUnitsOnlyWithSale: boolean;
  readonly monthUnitsDeciKwh: number;
  /** null for a tariff that bills by band. */
  readonly block: BlockPosition | null;
  /** Whether the next sale begins with a key change. */
  readonly keyChangeDue: boolean;
  /** null for a meter that never bought. */
  readonly lastPurchaseAt: number | null;
}

/**
 * @param operatorId - who looks, where he is known.
 * @throws StsFault of the meter's number, `meter_unknown`, `vendor_unknown`, `tariff_unknown`, `tariff_not_in_force`.
 */
export async function lookUp(
  vending: Vending,
  vendorId: string,
  meterNumber: string,
  operatorId?: string,
): Promise<LookUp> {
  const now = vending.clock.now();
  const found = await findForSale(vending, vendorId, meterNumber, now);
  const { meter, terms, purchases } = found;
  const { history } = purchases;
  const { meterPan } = meter;
  const local = localMoment(now, terms.timeZone);
  const monthUnitsDeciKwh = unitsOfMonth(history, local.month);
  const minimumMinor = leastPayment(found, now);
  const customer = await vending.store.customers.find(meterPan);
  const plan = await planIfAny(vending, meter, now);
  const { supplyGroupCode } = plan?.meter ?? meter;
  const guarded = { at: now, vendorId, operatorId, meterPan, supplyGroupCode };
  const { refusal, ...limits } = await limitsOf(vending, guarded);
  const because = whyNot(found, minimumMinor, refusal) ?? keyFault(plan, now);
  return {
    meter,
    lookUpCode: lookUpCode(meter),
    customer: customer === undefined ? null : maskedCustomer(customer),
    canVend: because === null,
    cannotVendBecause: because,
    currency: terms.currency,
    minimumMinor: minimumMinor ?? terms.minimumMinor,
    maximumMinor: terms.maximumMinor,
    limits,
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
    keyChangeDue: plan?.keyChange !== undefined,
    lastPurchaseAt: history.lastAt,
  };
}

/** What a sale would be refused with before a token is made, in the order in which a sale is refused. */
function whyNot(
  { vendor, meter, terms }: MeterForSale,
  minimumMinor: number | undefined,
  refusal: FaultCode | null,
): FaultCode | null {
  if (meter.replacedBy !== null) return 'meter_changed_out';
  if (vendor.currency !== terms.currency) return 'currency_mismatch';
  if (minimumMinor === undefined) return 'payment_too_large';
  if (refusal !== null) return refusal;
  return vendor.floatMinor + vendor.creditLimitMinor < minimumMinor ? 'float_exhausted' : null;
}

/** undefined where no payment that the tariff takes would leave anything for energy. */
function leastPayment({ terms, purchases }: MeterForSale, now: number): number | undefined {
  if (terms.energy.kind === 'timeOfUse') return terms.minimumMinor;
  const { paidMinor, reckoning } = reckonUnits(terms, purchases.history, 1, now);
  return reckoning.kind === 'reckoned' ? paidMinor : undefined;
}

/** undefined while the security module does not answer. */
async function planIfAny(vending: Vending, meter: MeterRecord, now: number): Promise<KeyPlan | undefined> {
  try {
    return await planFor(vending, meter, now);
  } catch (error) {
    if (error instanceof StsFault && error.code === 'security_module_unavailable') return undefined;
    throw error;
  }
}

/** Why the module would make no token under the meter's key now; its other rules are asked at the sale. */
function keyFault(plan: KeyPlan | undefined, now: number): FaultCode | null {
  if (plan === undefined) return 'security_module_unavailable';
  const { key } = plan;
  if (key === undefined) return 'vending_key_unknown';
  if (now < Date.parse(key.activeFrom)) return 'vending_key_not_active';
  return now < Date.parse(key.issueUntil) ? null : 'vending_key_issue_ended';
}
