/** What a customer without an account may see and choose: a receipt opens it, for one meter and half an hour. */
import { StsFault } from '../../lib/faults.ts';
import type { Language } from '../language/catalogue.ts';
import { csrfToken } from '../people/session.ts';
import type { LowBalanceChoice, VisitRecord } from '../store/visit-contract.ts';
import { shownSale } from '../vending/find-sale.ts';
import { explainedPurchase, lastTokens, meterPurchases } from '../vending/meter-purchases.ts';
import { practise } from '../vending/practice.ts';
import { receiptOf } from '../vending/receipt-of.ts';
import { openVisit, showsTokens } from '../vending/visits.ts';
import { Done } from './people-schemas.ts';
import { type Call, json, param, type Route, type Service, withBody, withoutBody } from './route.ts';
import { iso } from './time.ts';
import {
  ExplainedAnswer,
  LastTokensAnswer,
  LowBalanceChoiceAnswer,
  LowBalanceChoiceBody,
  MeterPurchasesAnswer,
  PracticeBody,
  VisitAnswer,
  VisitBody,
} from './visit-schemas.ts';

const VISITS: readonly Route[] = [
  withBody({
    method: 'post',
    path: '/v1/customer/visits',
    summary: 'Show a receipt, by its QR code or by its numbers: opens the page of its meter, in a cookie',
    permission: undefined,
    audit: 'read',
    about: ({ meter, receiptNumber }) => ({ meter, receiptNumber }),
    body: VisitBody,
    answers: [{ status: 201, description: 'Opened', schema: VisitAnswer }],
    faults: [
      'meter_number_malformed',
      'meter_number_check_digit',
      'visit_refused',
      'visit_throttled',
      'receipt_forged',
      'receipt_key_unknown',
      'receipt_not_current',
    ],
    handle: async (service, { body, browser }) => {
      const { vending, receipts } = service;
      const from = { address: browser.address, endsSecret: browser.visitSecret };
      const { secret, visit } = await openVisit(vending, receipts, body, from);
      const headers = { 'Set-Cookie': browser.visitCookieOf(secret) };
      return json(201, await visitAnswer(service, visit, secret), headers);
    },
  }),
  withoutBody({
    method: 'get',
    path: '/v1/customer/visit',
    summary: 'The visit of this browser',
    permission: undefined,
    visitor: true,
    answers: [{ status: 200, description: 'The visit', schema: VisitAnswer }],
    faults: [],
    handle: async (service, call) =>
      json(200, await visitAnswer(service, visitOf(call), call.browser.visitSecret ?? '')),
  }),
  withoutBody({
    method: 'delete',
    path: '/v1/customer/visit',
    summary: 'End the visit',
    permission: undefined,
    visitor: true,
    answers: [{ status: 200, description: 'Ended', schema: Done }],
    faults: [],
    handle: async ({ vending }, call) => {
      await vending.store.visits.end(visitOf(call).visitHash);
      return json(200, { status: 'done' }, { 'Set-Cookie': call.browser.visitCookieOf('') });
    },
  }),
];

const PURCHASES: readonly Route[] = [
  withoutBody({
    method: 'get',
    path: '/v1/customer/purchases',
    summary:
      'What was bought for the meter since it is this customer\u2019s, by month, and how long it lasts',
    permission: undefined,
    visitor: true,
    audit: 'read',
    answers: [{ status: 200, description: 'Purchases', schema: MeterPurchasesAnswer }],
    faults: ['meter_unknown'],
    handle: async ({ vending }, call) => json(200, await meterPurchases(vending, visitOf(call))),
  }),
  withoutBody({
    method: 'get',
    path: '/v1/customer/purchases/{saleId}',
    summary: 'Why a purchase bought so many units: its receipt without tokens',
    permission: undefined,
    visitor: true,
    audit: 'read',
    answers: [{ status: 200, description: 'The purchase', schema: ExplainedAnswer }],
    faults: ['sale_unknown'],
    handle: async ({ vending, receipts }, call) =>
      json(200, await explainedPurchase(vending, visitOf(call), param(call, 'saleId'), receipts.settings)),
  }),
  withoutBody({
    method: 'get',
    path: '/v1/customer/tokens',
    summary: 'The tokens of the last purchases again, for whoever shows a receipt of the last 90 days',
    permission: undefined,
    visitor: true,
    audit: 'read',
    answers: [{ status: 200, description: 'Tokens', schema: LastTokensAnswer }],
    faults: ['receipt_too_old', 'sale_unknown'],
    handle: async ({ vending, receipts }, call) =>
      json(200, { purchases: await lastTokens(vending, visitOf(call), receipts.settings) }),
  }),
  withBody({
    method: 'post',
    path: '/v1/customer/practice-purchases',
    summary: 'Buy for practice: in a sandbox alone, for no money, with tokens under the sandbox\u2019s key',
    permission: undefined,
    visitor: true,
    about: ({ requestId }) => ({ requestId }),
    body: PracticeBody,
    answers: [
      { status: 201, description: 'Bought, now or by this request id before', schema: ExplainedAnswer },
    ],
    faults: [
      'operation_unsupported',
      'meter_unknown',
      'meter_changed_out',
      'payment_too_small',
      'payment_too_large',
      'request_id_reused',
      'tariff_not_in_force',
      'security_module_unavailable',
    ],
    handle: async ({ vending, receipts, isSandbox, sell, assertReady }, call) => {
      if (!isSandbox) throw new StsFault('operation_unsupported', 'nothing is sold for practice here');
      await assertReady();
      const sale = await practise(vending, sell, visitOf(call), call.body);
      const facts = await receiptOf(vending, await shownSale(vending, sale), receipts.settings);
      return json(201, { ...facts, customer: null });
    },
  }),
];

const CHOICES: readonly Route[] = [
  withoutBody({
    method: 'get',
    path: '/v1/customer/low-balance',
    summary: 'When and how the customer wants to be told that little is left',
    permission: undefined,
    visitor: true,
    answers: [{ status: 200, description: 'The choice', schema: LowBalanceChoiceAnswer }],
    faults: [],
    handle: async ({ vending }, call) => {
      const choice = await vending.store.visits.findChoice(visitOf(call).meterPan);
      return json(200, { choice: choice === undefined ? null : choiceAnswer(choice) });
    },
  }),
  withBody({
    method: 'put',
    path: '/v1/customer/low-balance',
    summary:
      'Choose when and how to be told that little is left; what a report says otherwise does not count then',
    permission: undefined,
    visitor: true,
    body: LowBalanceChoiceBody,
    answers: [{ status: 200, description: 'As it is chosen now', schema: LowBalanceChoiceAnswer }],
    faults: ['contact_missing'],
    handle: async ({ vending }, call) => {
      const { store, clock } = vending;
      const { meterPan } = visitOf(call);
      const { isTold, belowDeciKwh, channel, language, byDay, isOwnTarget, phone, email } = call.body;
      const held = await store.visits.findChoice(meterPan);
      const before = held?.channel === channel ? held.target : null;
      const target = isOwnTarget ? (phone ?? email ?? before) : null;
      const hasOne = isOwnTarget ? target !== null : (await contactsOf(store, meterPan))[channel];
      if (isTold && !hasOne) throw new StsFault('contact_missing', undefined, { param: 'channel' });
      const what = { meterPan, isTold, belowDeciKwh, channel, target };
      const choice: LowBalanceChoice = { ...what, language, byDay, changedAt: clock.now() };
      await store.visits.putChoice(choice);
      return json(200, { choice: choiceAnswer(choice) });
    },
  }),
];

export const VISIT_ROUTES: readonly Route[] = [...VISITS, ...PURCHASES, ...CHOICES];

/** Routes of visitors are called with a visit; absent only by a mistake in the table. */
function visitOf({ visit }: Call<unknown>): VisitRecord {
  if (visit === undefined) throw new StsFault('visit_required');
  return visit;
}

async function visitAnswer({ vending, receipts, isSandbox }: Service, visit: VisitRecord, secret: string) {
  const { store } = vending;
  const meter = await store.findMeter(visit.meterPan);
  if (meter === undefined) throw new StsFault('visit_required');
  const { name, supportNumber } = receipts.settings.utility;
  const { sms: hasPhone, email: hasEmail } = await contactsOf(store, visit.meterPan);
  return {
    meter: { drn: meter.drn },
    saleId: visit.saleId,
    secondsLeft: Math.max(0, Math.ceil((visit.endsAt - vending.clock.now()) / 1000)),
    csrfToken: csrfToken(secret),
    showsTokens: showsTokens(visit),
    isSandbox,
    utility: { name, supportNumber },
    hasPhone,
    hasEmail,
  };
}

async function contactsOf({ customers }: Service['vending']['store'], meterPan: string) {
  const customer = await customers.find(meterPan);
  return { sms: (customer?.phone ?? null) !== null, email: (customer?.email ?? null) !== null };
}

function choiceAnswer({
  isTold,
  belowDeciKwh,
  channel,
  target,
  language,
  byDay,
  changedAt,
}: LowBalanceChoice) {
  return {
    isTold,
    belowDeciKwh,
    channel,
    maskedTarget: target === null ? null : channel === 'sms' ? `…${target.slice(-3)}` : `${target[0]}…`,
    language: language as Language,
    byDay,
    changedAt: iso(changedAt),
  };
}
