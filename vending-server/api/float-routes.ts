/** A vendor's float and commission, and the end of a day. */
import { assertOwn } from '../people/caller.ts';
import type { DayEndRecord, FloatEntry } from '../store/money-contract.ts';
import { commissionOf } from '../vending/commission.ts';
import type { Vending } from '../vending/context.ts';
import { closeDay, findDayEnd } from '../vending/day-end.ts';
import { findVendor } from '../vending/open-vendor.ts';
import { AT_ONCE, askSecondPerson } from '../vending/two-persons.ts';
import { approvalAnswer } from './approval-routes.ts';
import {
  CommissionAnswer,
  CommissionBody,
  CommissionTermsAnswer,
  CreditLimitAnswer,
  CreditLimitBody,
  Day,
  DayEndAnswer,
  DayEndBody,
  FloatAnswer,
  LastDayEndAnswer,
  Month,
  ReversalBody,
  StatementAnswer,
} from './money-schemas.ts';
import { ApprovalAnswer, PageBefore } from './people-schemas.ts';
import {
  checkedParam,
  json,
  param,
  REPLAYED,
  type Route,
  withBody,
  withoutBody,
  withQuery,
} from './route.ts';
import { iso } from './time.ts';
import { nextOf } from './user-routes.ts';

const ASKED = { status: 202, description: 'Waits for a second person', schema: ApprovalAnswer } as const;

const FLOATS: readonly Route[] = [
  withBody({
    method: 'post',
    path: '/v1/vendors/{vendorId}/deposits/{requestId}/reversal',
    summary: 'Take a whole deposit back out of the float, once',
    permission: 'float.move',
    body: ReversalBody,
    answers: [{ status: 201, description: 'Taken back, now or before', schema: FloatAnswer }, ASKED],
    faults: [
      'vendor_unknown',
      'deposit_unknown',
      'float_exhausted',
      'payment_too_large',
      'request_id_reused',
    ],
    handle: async ({ vending }, call) => {
      const payload = { vendorId: param(call, 'vendorId'), requestId: param(call, 'requestId') };
      const held = await vending.store.money.findDeposit(payload.vendorId, payload.requestId);
      const { reason } = call.body;
      const asked =
        held?.isReversed === true
          ? undefined
          : await askSecondPerson(vending, call.caller, 'depositReversal', { payload, reason });
      if (asked !== undefined) return json(202, approvalAnswer(asked));
      const { floatMinor, replayed } = await AT_ONCE.depositReversal(vending, payload);
      return json(201, { vendorId: payload.vendorId, floatMinor }, replayed ? REPLAYED : {});
    },
  }),
  withBody({
    method: 'put',
    path: '/v1/vendors/{vendorId}/credit-limit',
    summary: 'How far below zero the float may go',
    permission: 'float.move',
    body: CreditLimitBody,
    about: ({ creditLimitMinor }) => ({ creditLimitMinor }),
    answers: [{ status: 200, description: 'Set', schema: CreditLimitAnswer }, ASKED],
    faults: ['vendor_unknown', 'credit_limit_refused', 'request_id_reused'],
    handle: async ({ vending }, call) => {
      const { creditLimitMinor, reason } = call.body;
      const payload = { vendorId: param(call, 'vendorId'), creditLimitMinor };
      const vendor = await findVendor(vending, payload.vendorId);
      if (vendor.creditLimitMinor === creditLimitMinor) return json(200, payload);
      const asked = await askSecondPerson(vending, call.caller, 'creditLimit', { payload, reason });
      if (asked !== undefined) return json(202, approvalAnswer(asked));
      await AT_ONCE.creditLimit(vending, payload);
      return json(200, payload);
    },
  }),
  withQuery({
    path: '/v1/vendors/{vendorId}/statement',
    summary: 'Every movement of the float with the balance after it, the newest first',
    permission: 'statement.read',
    audit: 'read',
    query: PageBefore,
    answers: [{ status: 200, description: 'A page of the statement', schema: StatementAnswer }],
    faults: ['vendor_unknown'],
    handle: async ({ vending }, call) => {
      const vendorId = param(call, 'vendorId');
      assertOwn(call.caller, vendorId);
      await findVendor(vending, vendorId);
      const { before = null, limit } = call.query;
      const entries = await vending.store.money.floatEntries(vendorId, before, limit);
      return json(200, {
        entries: entries.map(entryAnswer),
        next: nextOf(entries, limit, ({ entryId }) => entryId),
      });
    },
  }),
];

const COMMISSION: readonly Route[] = [
  withBody({
    method: 'put',
    path: '/v1/vendors/{vendorId}/commission-terms',
    summary: 'What the vendor earns from a month on',
    permission: 'commission.put',
    body: CommissionBody,
    about: ({ fromMonth }) => ({ fromMonth }),
    answers: [
      { status: 200, description: 'All versions of the terms', schema: CommissionTermsAnswer },
      ASKED,
    ],
    faults: ['vendor_unknown', 'currency_mismatch', 'commission_exists', 'request_id_reused'],
    handle: async ({ vending }, call) => {
      const { fromMonth, terms, reason } = call.body;
      const vendorId = param(call, 'vendorId');
      const payload = { vendorId, fromMonth, terms };
      const asked = await askSecondPerson(vending, call.caller, 'commissionTerms', { payload, reason });
      if (asked !== undefined) return json(202, approvalAnswer(asked));
      await AT_ONCE.commissionTerms(vending, payload);
      return json(200, await termsAnswer(vending, vendorId));
    },
  }),
  withoutBody({
    method: 'get',
    path: '/v1/vendors/{vendorId}/commission-terms',
    summary: 'What the vendor earns, by the months from which it stands',
    permission: 'commission.read',
    answers: [{ status: 200, description: 'All versions of the terms', schema: CommissionTermsAnswer }],
    faults: ['vendor_unknown'],
    handle: async ({ vending }, call) => {
      const vendorId = param(call, 'vendorId');
      assertOwn(call.caller, vendorId);
      await findVendor(vending, vendorId);
      return json(200, await termsAnswer(vending, vendorId));
    },
  }),
  withoutBody({
    method: 'get',
    path: '/v1/vendors/{vendorId}/commission/{month}',
    summary: 'What a month earned, line by line',
    permission: 'commission.read',
    answers: [{ status: 200, description: 'The commission of the month', schema: CommissionAnswer }],
    faults: ['vendor_unknown', 'commission_unknown', 'request_malformed'],
    handle: async ({ vending }, call) => {
      const vendorId = param(call, 'vendorId');
      assertOwn(call.caller, vendorId);
      return json(200, await commissionOf(vending, { vendorId, month: checkedParam(call, 'month', Month) }));
    },
  }),
  withBody({
    method: 'post',
    path: '/v1/vendors/{vendorId}/commission/{month}/payment',
    summary: 'Pay the commission of a month into the float, once',
    permission: 'float.move',
    body: ReversalBody,
    answers: [{ status: 201, description: 'Paid, now or before', schema: FloatAnswer }, ASKED],
    faults: [
      'vendor_unknown',
      'commission_unknown',
      'period_not_over',
      'payment_too_small',
      'payment_too_large',
      'float_exhausted',
      'request_id_reused',
    ],
    handle: async ({ vending }, call) => {
      const vendorId = param(call, 'vendorId');
      const payload = { vendorId, month: checkedParam(call, 'month', Month) };
      const { reason } = call.body;
      const { isPaid } = await commissionOf(vending, payload);
      const asked = isPaid
        ? undefined
        : await askSecondPerson(vending, call.caller, 'commissionPayment', { payload, reason });
      if (asked !== undefined) return json(202, approvalAnswer(asked));
      const { floatMinor, replayed } = await AT_ONCE.commissionPayment(vending, payload);
      return json(201, { vendorId, floatMinor }, replayed ? REPLAYED : {});
    },
  }),
];

const DAY_ENDS: readonly Route[] = [
  withBody({
    method: 'post',
    path: '/v1/day-ends',
    summary: 'Close a day: opening, movement and closing of every account, and whether they tie to the sales',
    permission: 'dayEnd.close',
    body: DayEndBody,
    about: ({ day }) => ({ day }),
    answers: [{ status: 201, description: 'Closed, now or before', schema: DayEndAnswer }],
    faults: ['period_not_over', 'day_end_order'],
    handle: async ({ vending }, { body, caller }) =>
      json(201, dayEndAnswer(await closeDay(vending, body.day, caller.principal))),
  }),
  withoutBody({
    method: 'get',
    path: '/v1/day-ends',
    summary: 'The day that was closed last',
    permission: 'dayEnd.read',
    answers: [{ status: 200, description: 'The day; null before the first', schema: LastDayEndAnswer }],
    faults: [],
    handle: async ({ vending }) => {
      const last = await vending.store.money.lastDayEnd();
      return json(200, { last: last === undefined ? null : dayEndAnswer(last) });
    },
  }),
  withoutBody({
    method: 'get',
    path: '/v1/day-ends/{day}',
    summary: 'A closed day as it was closed',
    permission: 'dayEnd.read',
    answers: [{ status: 200, description: 'The day', schema: DayEndAnswer }],
    faults: ['day_end_unknown', 'request_malformed'],
    handle: async ({ vending }, call) =>
      json(200, dayEndAnswer(await findDayEnd(vending, checkedParam(call, 'day', Day)))),
  }),
];

export const FLOAT_ROUTES: readonly Route[] = [...FLOATS, ...COMMISSION, ...DAY_ENDS];

function entryAnswer({ entryId, kind, reference, at, amountMinor, balanceMinor }: FloatEntry) {
  return { entryId, kind, reference, at: iso(at), amountMinor, balanceMinor };
}

async function termsAnswer({ store }: Vending, vendorId: string) {
  const held = await store.money.findCommission(vendorId);
  const versions = held.map(({ fromMonth, terms }) => ({ fromMonth, terms: JSON.parse(terms) as unknown }));
  return { vendorId, versions };
}

function dayEndAnswer({ day, closedAt, closedBy, figures }: DayEndRecord) {
  return {
    day,
    closedAt: iso(closedAt),
    closedBy,
    figures: JSON.parse(figures) as unknown,
  };
}
