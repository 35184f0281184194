/**
 * What leaves a payment before it buys energy: the channel's fee, arrears, fixed charges, in the order that the tariff says.
 *
 * Each step takes from what is then left, so that one cent more of payment never leaves less for energy.
 */
import { chargesDue, payCharge } from './fixed-charges.ts';
import type { ChargeState, Debt, PurchaseHistory } from './history.ts';
import type { LocalMoment } from './local-time.ts';
import { fractionOf, quotientOf } from './money.ts';
import { withTax } from './tax.ts';
import type { TariffTerms } from './terms.ts';

export interface DeductionLine {
  readonly kind: 'paymentFee' | 'arrears' | 'fixedCharge';
  /** The debt's or the charge's; empty for the fee. */
  readonly id: string;
  readonly label: string;
  /** Minor units, tax included. */
  readonly totalMinor: number;
  readonly isTaxed: boolean;
  /** Arrears: what is still owed. Charges: paid through this day or month. */
  readonly balanceMinor?: number;
  readonly paidThrough?: string;
}

export interface Deducted {
  readonly lines: readonly DeductionLine[];
  /** For energy, minor units; below 0 when the fee alone is more than the payment. */
  readonly leftMinor: number;
  readonly debts: readonly Debt[];
  readonly charges: Readonly<Record<string, ChargeState>>;
}

/** A payment on its way through the deductions. */
interface Purse {
  leftMinor: number;
  /** What arrears and charges may still take. */
  budgetMinor: number;
  readonly lines: DeductionLine[];
}

export function deduct(
  terms: TariffTerms,
  history: PurchaseHistory,
  paidMinor: number,
  now: LocalMoment,
): Deducted {
  const purse: Purse = {
    leftMinor: paidMinor,
    budgetMinor: shareOf(terms.deductionShare, paidMinor),
    lines: [],
  };
  let { debts, charges } = history;
  for (const deduction of terms.deductionOrder) {
    switch (deduction) {
      case 'paymentFee':
        takeFee(terms, purse);
        break;
      case 'arrears':
        debts = recover(debts, purse);
        break;
      case 'fixedCharges':
        charges = collect(terms, charges, now, purse);
        break;
    }
  }
  return { lines: purse.lines, leftMinor: purse.leftMinor, debts, charges };
}

function takeFee(terms: TariffTerms, purse: Purse): void {
  if (terms.paymentFeeMinor === 0) return;
  const totalMinor = withTax(terms, terms.paymentFeeMinor);
  purse.leftMinor -= totalMinor;
  purse.budgetMinor = Math.max(0, Math.min(purse.budgetMinor, purse.leftMinor));
  purse.lines.push({ kind: 'paymentFee', id: '', label: '', totalMinor, isTaxed: true });
}

function recover(debts: readonly Debt[], purse: Purse): readonly Debt[] {
  return debts.map((debt) => {
    const totalMinor = take(purse, Math.min(debt.balanceMinor, askedBy(debt, purse.leftMinor)));
    if (totalMinor === 0) return debt;
    const balanceMinor = debt.balanceMinor - totalMinor;
    const { debtId: id, label } = debt;
    purse.lines.push({ kind: 'arrears', id, label, totalMinor, isTaxed: false, balanceMinor });
    return { ...debt, balanceMinor };
  });
}

/** What the rule of a debt asks of the money that is left. */
function askedBy({ recovery }: Debt, leftMinor: number): number {
  switch (recovery.kind) {
    case 'fixed':
      return recovery.amountMinor;
    case 'percentage':
      return shareOf(recovery.rate, Math.max(0, leftMinor));
    case 'all':
      return leftMinor;
  }
}

/** Rounded down. @param rate - decimal text. */
function shareOf(rate: string, totalMinor: number): number {
  const { numerator, denominator } = fractionOf(rate);
  return quotientOf(BigInt(totalMinor) * numerator, denominator, 'down');
}

function collect(
  terms: TariffTerms,
  states: Readonly<Record<string, ChargeState>>,
  now: LocalMoment,
  purse: Purse,
): Readonly<Record<string, ChargeState>> {
  const after = { ...states };
  for (const due of chargesDue(terms, states, now)) {
    const totalMinor = take(purse, due.dueMinor);
    const { chargeId: id, label, isTaxed } = due.charge;
    const state = payCharge(due, totalMinor);
    after[id] = state;
    if (totalMinor === 0) continue;
    const { paidThrough } = state;
    purse.lines.push({ kind: 'fixedCharge', id, label, totalMinor, isTaxed, paidThrough });
  }
  return after;
}

/** @returns what was taken: at most what is left and what deductions may take. */
function take(purse: Purse, wantedMinor: number): number {
  const taken = Math.max(0, Math.min(wantedMinor, purse.leftMinor, purse.budgetMinor));
  purse.leftMinor -= taken;
  purse.budgetMinor -= taken;
  return taken;
}
