/** An account paid on purpose: money against one debt of a meter, without energy and without a token. */
import { StsFault } from '../../lib/faults.ts';
import { parseMeterNumber } from '../../lib/identity/meter-pan.ts';
import type { Contact } from '../notify/notification.ts';
import type { SaleView } from '../store/contract.ts';
import type { Vending } from './context.ts';
import { detailsOf, emptyPicture, meterForSale } from './purchase.ts';
import { requestHash } from './request-hash.ts';
import { type DeskRequest, deskDetails, deskOf } from './sale-desk.ts';
import { type PreparedVend, type SaleAnswer, vend } from './vend.ts';

export interface PaymentRequest extends DeskRequest {
  readonly vendorId: string;
  /** The vendor's own id; one record of ids with his sales. */
  readonly requestId: string;
  readonly meter: string;
  readonly debtId: string;
  readonly paidMinor: number;
  readonly currency: string;
  readonly sendTo?: Contact | undefined;
}

/**
 * @throws StsFault of the meter's number, `request_id_reused`, `vendor_unknown`, `meter_unknown`, `tariff_unknown`,
 *   `tariff_not_in_force`, `currency_mismatch`, `debt_unknown`, `payment_too_large` for more than is owed, those of `deskOf` and
 *   `vend`.
 */
export async function payDebt(vending: Vending, request: PaymentRequest): Promise<SaleAnswer> {
  const { meterPan } = parseMeterNumber(request.meter);
  const { vendorId, requestId, debtId, paidMinor, currency, sendTo } = request;
  const hash = requestHash('payment', { meterPan, debtId, paidMinor, currency }, sendTo);
  return vend(vending, { vendorId, requestId, requestHash: hash, meterPan, sendTo }, (view, now) =>
    prepared(vending, request, view, now),
  );
}

async function prepared(
  vending: Vending,
  request: PaymentRequest,
  view: SaleView,
  now: number,
): Promise<PreparedVend> {
  const found = meterForSale(view, now);
  const { vendor, meter, terms, purchases } = found;
  const { debtId, paidMinor, currency } = request;
  if (currency !== vendor.currency || currency !== terms.currency) {
    throw new StsFault('currency_mismatch', undefined, { param: 'currency' });
  }
  const { history } = purchases;
  const debt = history.debts.find((one) => one.debtId === debtId && one.balanceMinor > 0);
  if (debt === undefined) throw new StsFault('debt_unknown', undefined, { param: 'debtId' });
  const balanceMinor = debt.balanceMinor - paidMinor;
  if (balanceMinor < 0) {
    throw new StsFault('payment_too_large', `${debt.balanceMinor} is owed`, { param: 'paidMinor' });
  }
  const { desk, cash } = await deskOf(vending, request, paidMinor, currency);
  const debts = history.debts.map((one) => (one.debtId === debtId ? { ...one, balanceMinor } : one));
  const others = debts.filter((one) => one.debtId !== debtId);
  const plan = { meter, keyChange: undefined, key: undefined };
  return {
    plan,
    wanted: [],
    history: { ...history, debts },
    picture: {
      ...emptyPicture(terms, plan, history),
      paidMinor,
      lines: [
        { kind: 'arrears', debtId, label: debt.label, balanceMinor, amountMinor: paidMinor, taxMinor: 0 },
      ],
    },
    details: {
      ...detailsOf({ terms, purchases: { ...purchases, history: { ...history, debts: others } } }, now),
      kind: 'debtPayment',
      ...deskDetails(desk),
      tender: desk.tender ?? null,
      cash,
    },
    desk: { ...desk, saleKind: 'debtPayment' },
  };
}
