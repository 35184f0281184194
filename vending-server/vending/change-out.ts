/**
 * A meter that takes another one's place: what is left on the old one goes to the new one as a token, and with it, in the
 * same commit, what the customer has bought in the month, what he owes, what he has paid ahead. Nothing is sold to the old
 * meter any more.
 */
import { StsFault } from '../../lib/faults.ts';
import { parseMeterNumber } from '../../lib/identity/meter-pan.ts';
import { customerDebt } from '../ledger/postings.ts';
import type { Caller } from '../people/caller.ts';
import { sha256 } from '../sha256.ts';
import type { MovedDebt, SaleView, Transfer } from '../store/contract.ts';
import { takenOver } from '../tariff/history.ts';
import type { Vending } from './context.ts';
import {
  creditTokens,
  type Given,
  type GivenRequest,
  give,
  hundredThousandthOf,
  preparedGift,
} from './given.ts';
import { HOUSE_ID } from './house.ts';
import { type MeterForSale, meterForSale, planFor } from './purchase.ts';
import type { CHANGE_OUT_REASONS } from './reasons.ts';
import type { ChangeOutPicture, GivenAmount } from './sale-response.ts';
import { assertInPlace, type PreparedVend } from './vend.ts';

export interface ChangeOutRequest extends GivenRequest {
  readonly oldMeter: string;
  /** Registered before. */
  readonly newMeter: string;
  /** As read off the old meter; 0 where it was empty or could not be read. */
  readonly remaining: GivenAmount;
  /** Whether more may be moved than the ledger ever sold to the old meter; whoever agrees sees that. */
  readonly allowAboveSold: boolean;
  readonly reasonCode: (typeof CHANGE_OUT_REASONS)[number];
}

/**
 * @throws StsFault of the meters' numbers, of `give`, `meter_unknown`, `tariff_unknown`, `tariff_not_in_force`,
 *   `change_out_refused`, `currency_mismatch`, `credit_above_sold`, `operation_unsupported`, `payment_too_large`.
 */
export async function changeOutMeter(
  vending: Vending,
  caller: Caller,
  request: ChangeOutRequest,
): Promise<Given> {
  const { meterPan: oldPan } = parseMeterNumber(request.oldMeter);
  const { meterPan } = parseMeterNumber(request.newMeter);
  if (oldPan === meterPan) {
    throw new StsFault('change_out_refused', 'both are one meter', { param: 'newMeter' });
  }
  const { remaining, allowAboveSold } = request;
  return give(vending, caller, request, {
    operation: 'changeOut',
    approvalKind: 'changeOut',
    payload: { oldMeterPan: oldPan, newMeterPan: meterPan, ...remaining, allowAboveSold },
    meterPan,
    prepare: async (view, now) => {
      const oldView = await vending.store.viewForSale({ vendorId: HOUSE_ID, meterPan: oldPan });
      return prepare(vending, request, { view, oldView, now });
    },
  });
}

async function prepare(
  vending: Vending,
  request: ChangeOutRequest,
  { view, oldView, now }: { readonly view: SaleView; readonly oldView: SaleView; readonly now: number },
): Promise<PreparedVend> {
  const old = meterForSale(oldView, now);
  assertInPlace(old.meter);
  const found = meterForSale(view, now);
  const { meter, terms, purchases } = found;
  assertFits(old, found);
  const isAboveSold = await passesSold(vending, old, request);
  const debts = movedDebts(old, request.requestId);
  const plan = await planFor(vending, meter, now);
  const isEmpty = Object.values(request.remaining).every((amount) => amount === 0);
  const wanted = isEmpty ? [] : creditTokens('transfer', request.remaining, { terms, plan });
  const { drn, meterPan } = old.meter;
  const changeOut: ChangeOutPicture = {
    oldMeter: { drn, meterPan },
    remaining: request.remaining,
    isAboveSold,
    debts: debts.map(({ fromDebtId: from, debt: { debtId, balanceMinor } }) => ({
      debtId,
      from,
      balanceMinor,
    })),
  };
  const left = [...purchases.history.debts, ...debts.map(({ debt }) => debt)];
  const gift = preparedGift(
    found,
    {
      kind: 'transfer',
      plan,
      wanted,
      history: { ...takenOver(purchases.history, old.purchases.history), lastAt: now },
      details: {
        changeOut,
        debtsLeft: left
          .filter(({ balanceMinor }) => balanceMinor > 0)
          .map(({ label, balanceMinor }) => ({ label, balanceMinor })),
      },
      transfers: debts.map((moved) => transferOf(moved, terms.currency)),
    },
    now,
  );
  return { ...gift, changeOut: { meterPan, purchasesVersion: old.purchases.version, debts } };
}

/** @throws StsFault `change_out_refused`, `currency_mismatch`. */
function assertFits(old: MeterForSale, { meter, terms }: MeterForSale): void {
  const param = 'newMeter';
  if (meter.replaces !== null)
    throw new StsFault('change_out_refused', `it has taken the place of ${meter.replaces}`, { param });
  // What is carried and owed is money of the old tariff.
  if (terms.currency !== old.terms.currency) throw new StsFault('currency_mismatch', undefined, { param });
  const [billsMoney, billedMoney] = [terms, old.terms].map(({ energy }) => energy.kind === 'timeOfUse');
  if (billsMoney !== billedMoney)
    throw new StsFault('change_out_refused', 'one bills energy and the other one money', { param });
}

/**
 * Whether more is to be moved than was ever sold to the old meter.
 * @throws StsFault `credit_above_sold` when that is not allowed.
 */
async function passesSold(
  { store }: Vending,
  { meter, terms }: MeterForSale,
  { remaining, allowAboveSold }: ChangeOutRequest,
): Promise<boolean> {
  const sold = await store.soldTo(meter.meterPan);
  const isAbove =
    'amountMinor' in remaining
      ? hundredThousandthOf(remaining.amountMinor, terms.currency) > sold.amountHundredThousandth
      : remaining.amountDeciKwh > sold.amountDeciKwh;
  if (!isAbove || allowAboveSold) return isAbove;
  const most = 'amountMinor' in remaining ? sold.amountHundredThousandth : sold.amountDeciKwh;
  throw new StsFault('credit_above_sold', `${most} at most`, {
    param: 'amountMinor' in remaining ? 'amountMinor' : 'amountDeciKwh',
  });
}

/** A debt's account is one meter's for ever: what is owed moves to an account of its own. */
function movedDebts({ purchases }: MeterForSale, requestId: string): readonly MovedDebt[] {
  return purchases.history.debts
    .filter(({ balanceMinor }) => balanceMinor > 0)
    .map((debt) => {
      const seed = sha256(`${requestId}\n${debt.debtId}`);
      const debtId = `${debt.debtId.slice(0, 51)}.${seed.slice(0, 12)}`;
      return { fromDebtId: debt.debtId, debt: { ...debt, debtId } };
    });
}

function transferOf({ fromDebtId, debt }: MovedDebt, currency: string): Transfer {
  return {
    debitAccount: customerDebt(debt.debtId, currency),
    creditAccount: customerDebt(fromDebtId, currency),
    amountMinor: debt.balanceMinor,
  };
}
