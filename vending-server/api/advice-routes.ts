/** Sales afterwards: what a vendor sold, what he confirms, what is taken back; and an account paid without a token. */
import { isStsFault } from '../../lib/faults.ts';
import { assertOwn, type Caller } from '../people/caller.ts';
import { confirmSale, type ListedSale, listSales } from '../vending/advice.ts';
import type { Vending } from '../vending/context.ts';
import { findVendor } from '../vending/open-vendor.ts';
import { payDebt } from '../vending/pay-debt.ts';
import { type Reversal, reverseByRequest, reverseWhole } from '../vending/reverse-sale.ts';
import { AT_ONCE, askSecondPerson } from '../vending/two-persons.ts';
import {
  ConfirmationAnswer,
  PaymentBody,
  SaleReversalAnswer,
  SaleReversalBody,
  SalesAnswer,
  SalesQuery,
} from './advice-schemas.ts';
import { approvalAnswer } from './approval-routes.ts';
import { ApprovalAnswer } from './people-schemas.ts';
import {
  type Answer,
  checkedParam,
  json,
  param,
  REPLAYED,
  type Route,
  vendorOf,
  withBody,
  withoutBody,
  withQuery,
} from './route.ts';
import { TILL_FAULTS } from './sale-routes.ts';
import { SaleAnswer } from './sale-schemas.ts';
import { Id } from './schemas.ts';
import { iso } from './time.ts';

const ASKED = { status: 202, description: 'Waits for a second person', schema: ApprovalAnswer } as const;

export const ADVICE_ROUTES: readonly Route[] = [
  withBody({
    method: 'post',
    path: '/v1/payments',
    summary: 'Take money against one debt of a meter, without energy and without a token',
    permission: 'sale.make',
    audit: 'none',
    body: PaymentBody,
    answers: [{ status: 201, description: 'Paid, now or before', schema: SaleAnswer }],
    faults: [
      'meter_number_malformed',
      'meter_number_check_digit',
      'vendor_unknown',
      'meter_unknown',
      'tariff_unknown',
      'tariff_not_in_force',
      'currency_mismatch',
      'debt_unknown',
      'payment_too_large',
      ...TILL_FAULTS,
      'security_module_unavailable',
    ],
    handle: async ({ vending }, { caller, body }) => {
      const operatorId = caller.userId ?? body.operatorId;
      const { sale, replayed } = await payDebt(vending, { ...body, vendorId: vendorOf(caller), operatorId });
      const headers = { Location: `/v1/sales/${sale.saleId}`, ...(replayed ? REPLAYED : {}) };
      return { status: 201, body: sale.responseBody, headers };
    },
  }),
  withoutBody({
    method: 'post',
    path: '/v1/sales/by-request/{requestId}/confirmation',
    summary: 'The customer has the token: the sale is never taken back after this',
    permission: 'sale.make',
    answers: [{ status: 200, description: 'Confirmed, now or before', schema: ConfirmationAnswer }],
    faults: ['sale_unknown', 'sale_reversed', 'request_malformed'],
    handle: async ({ vending }, call) => {
      const requestId = checkedParam(call, 'requestId', Id);
      const vendorId = vendorOf(call.caller);
      const by = call.caller.principal;
      const { saleId, confirmedAt } = await confirmSale(vending, { vendorId, requestId, by });
      return json(200, { requestId, saleId, state: 'confirmed', confirmedAt: iso(confirmedAt) });
    },
  }),
  withBody({
    method: 'post',
    path: '/v1/sales/by-request/{requestId}/reversal',
    summary:
      'Undo what was asked for under this id: nothing is sold under it any more, or its money goes back',
    permission: 'sale.make',
    body: SaleReversalBody,
    answers: [{ status: 200, description: 'Undone, now or before', schema: SaleReversalAnswer }],
    faults: [
      'token_may_be_seen',
      'sale_confirmed',
      'meter_sold_since',
      'operation_unsupported',
      'payment_too_large',
    ],
    handle: async ({ vending }, call) => {
      const requestId = checkedParam(call, 'requestId', Id);
      const request = { vendorId: vendorOf(call.caller), requestId };
      const order = { by: call.caller.principal, reason: call.body.reason };
      return reversalAnswer(await reverseByRequest(vending, request, order), requestId);
    },
  }),
  withBody({
    method: 'post',
    path: '/v1/sales/{saleId}/reversal',
    summary:
      'Take a sale back for its vendor; where a token may have been seen, by policy and two persons, as a debt of the meter',
    permission: 'float.move',
    body: SaleReversalBody,
    answers: [{ status: 200, description: 'Taken back, now or before', schema: SaleReversalAnswer }, ASKED],
    faults: [
      'sale_unknown',
      'token_may_be_seen',
      'sale_confirmed',
      'meter_sold_since',
      'operation_unsupported',
      'payment_too_large',
      'debt_exists',
      'request_id_reused',
    ],
    handle: async ({ vending }, call) =>
      reverseForUtility(vending, call.caller, param(call, 'saleId'), call.body.reason),
  }),
  withQuery({
    path: '/v1/vendors/{vendorId}/sales',
    summary:
      "A vendor's sales without their digits, the newest first; of one operator or till where it is named",
    permission: 'sale.read',
    audit: 'read',
    query: SalesQuery,
    answers: [{ status: 200, description: 'A page of sales', schema: SalesAnswer }],
    faults: ['vendor_unknown'],
    handle: async ({ vending }, call) => {
      const vendorId = param(call, 'vendorId');
      assertOwn(call.caller, vendorId);
      await findVendor(vending, vendorId);
      const { operator: operatorId = null, till: tillId = null, before = null, limit } = call.query;
      const page = await listSales(vending, { vendorId, operatorId, tillId, before, limit });
      return json(200, { sales: page.sales.map(listed), next: page.next });
    },
  }),
];

/** Whole, where nobody can have seen a token; else as the utility's policy has it. */
async function reverseForUtility(
  vending: Vending,
  caller: Caller,
  saleId: string,
  reason: string,
): Promise<Answer> {
  const by = caller.principal;
  try {
    const reversal = await reverseWhole(vending, saleId, { by, reason });
    return reversalAnswer(reversal);
  } catch (error) {
    const isSeen =
      isStsFault(error) && (error.code === 'token_may_be_seen' || error.code === 'meter_sold_since');
    if (!isSeen || (await vending.rules.reversalPolicy()) !== 'meterDebt') throw error;
  }
  const vendorId = (await vending.store.findSale(saleId))?.vendorId ?? '';
  const payload = { saleId, vendorId, by, reason };
  const asked = await askSecondPerson(vending, caller, 'saleReversal', { payload, reason });
  if (asked !== undefined) return json(202, approvalAnswer(asked));
  return reversalAnswer(await AT_ONCE.saleReversal(vending, payload));
}

function reversalAnswer(reversal: Reversal, asked = ''): Answer {
  if (reversal.kind === 'nothingSold') {
    return json(200, { result: reversal.kind, requestId: asked, at: iso(reversal.at) });
  }
  const { kind: result, at, ...rest } = reversal;
  return json(200, { result, at: iso(at), ...rest });
}

function listed(sale: ListedSale) {
  const { saleId, requestId, soldAt, drn, meterPan, currency, paidMinor, amountDeciKwh } = sale;
  const { saleKind: kind, operatorId: operator, tillId: terminal, state } = sale;
  const what = { saleId, requestId, soldAt: iso(soldAt), drn, meterPan, currency, paidMinor, amountDeciKwh };
  return { ...what, kind, operator, terminal, state };
}
