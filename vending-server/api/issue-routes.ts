/** Free units, and what the utility's people give: credit without charge, replacements, change-outs, commands, tests. */
import type { FaultCode } from '../../lib/faults.ts';
import { changeOutMeter } from '../vending/change-out.ts';
import { issueCommands } from '../vending/engineering.ts';
import { issueFree } from '../vending/free-issue.ts';
import { giveFreeUnits } from '../vending/free-units.ts';
import type { Given } from '../vending/given.ts';
import { replaceToken } from '../vending/replacement.ts';
import type { GivenAmount } from '../vending/sale-response.ts';
import { makeTestToken } from '../vending/test-token.ts';
import { approvalAnswer } from './approval-routes.ts';
import {
  ChangeOutBody,
  EngineeringBody,
  FreeIssueBody,
  FreeUnitsBody,
  ReplacementBody,
  TestTokenAnswer,
  TestTokenBody,
} from './issue-schemas.ts';
import { ApprovalAnswer } from './people-schemas.ts';
import { type Answer, json, param, REPLAYED, type Route, vendorOf, withBody } from './route.ts';
import { SALE_FAULTS } from './sale-routes.ts';
import { SaleAnswer } from './sale-schemas.ts';

/** Of a purchase alone: what a gift is never refused with. */
const OF_MONEY: readonly FaultCode[] = [
  'look_up_code_wrong',
  'currency_mismatch',
  'payment_too_small',
  'shift_unknown',
  'shift_closed',
  'shift_of_another',
  'tendered_too_little',
  'operation_unsupported',
];
const GIVEN_FAULTS: readonly FaultCode[] = [
  ...SALE_FAULTS.filter((code) => !OF_MONEY.includes(code)),
  'approval_required',
  'approval_unknown',
  'approval_used',
  'approval_closed',
];
const FREE_UNITS_FAULTS: readonly FaultCode[] = [
  ...SALE_FAULTS.filter((code) => !['payment_too_small', 'operation_unsupported'].includes(code)),
  'free_units_none',
  'free_units_taken',
  'free_units_only_with_sale',
];

const GIVEN_ANSWERS = [
  { status: 201, description: 'Given, now or before', schema: SaleAnswer },
  {
    status: 202,
    description: 'Waits for a second person: ask again with the id of the approval',
    schema: ApprovalAnswer,
  },
];
const about = ({ requestId, meter, reasonCode, approvalId }: Readonly<Record<string, unknown>>) => ({
  requestId,
  ...(meter === undefined ? {} : { meter }),
  reasonCode,
  ...(approvalId === undefined ? {} : { approvalId }),
});

export const ISSUE_ROUTES: readonly Route[] = [
  withBody({
    method: 'post',
    path: '/v1/free-units',
    summary: "The month's free units without a purchase, once for a meter, as a token of their own",
    permission: 'sale.make',
    audit: 'none',
    body: FreeUnitsBody,
    answers: [{ status: 201, description: 'Given, now or before', schema: SaleAnswer }],
    faults: FREE_UNITS_FAULTS,
    handle: async ({ vending }, { caller, body }) =>
      soldAnswer(
        await giveFreeUnits(vending, {
          ...body,
          vendorId: vendorOf(caller),
          operatorId: caller.userId ?? body.operatorId,
        }),
      ),
  }),
  withBody({
    method: 'post',
    path: '/v1/free-issues',
    summary:
      'Credit without charge for a reason; it takes a second person unless the utility asks for one alone',
    permission: 'freeIssue.make',
    about,
    body: FreeIssueBody,
    answers: GIVEN_ANSWERS,
    faults: [...GIVEN_FAULTS, 'operation_unsupported'],
    handle: async ({ vending }, { caller, body: { amountDeciKwh, amountMinor, ...rest } }) =>
      givenAnswer(
        await issueFree(vending, caller, { ...rest, amount: amountOf({ amountDeciKwh, amountMinor }) }),
      ),
  }),
  withBody({
    method: 'post',
    path: '/v1/replacements',
    summary:
      'A new token for one that was lost or never delivered, with the same credit, once for each token',
    permission: 'replacement.make',
    about: (body) => ({ ...about(body), saleId: body['saleId'], token: body['token'] }),
    body: ReplacementBody,
    answers: GIVEN_ANSWERS,
    faults: [...GIVEN_FAULTS, 'sale_unknown', 'token_not_replaceable'],
    handle: async ({ vending }, { caller, body }) => givenAnswer(await replaceToken(vending, caller, body)),
  }),
  withBody({
    method: 'post',
    path: '/v1/meters/{meter}/change-out',
    summary:
      'Put another meter in the place of this one: its credit, debts and month move, and it buys nothing more',
    permission: 'meter.engineer',
    about: (body) => ({ ...about(body), newMeter: body['newMeter'] }),
    body: ChangeOutBody,
    answers: GIVEN_ANSWERS,
    faults: [
      ...GIVEN_FAULTS,
      'change_out_refused',
      'credit_above_sold',
      'currency_mismatch',
      'operation_unsupported',
    ],
    handle: async ({ vending }, call) => {
      const { amountDeciKwh, amountMinor, ...rest } = call.body;
      const request = {
        ...rest,
        oldMeter: param(call, 'meter'),
        remaining: amountOf({ amountDeciKwh, amountMinor }),
      };
      return givenAnswer(await changeOutMeter(vending, call.caller, request));
    },
  }),
  withBody({
    method: 'post',
    path: '/v1/engineering-tokens',
    summary:
      'Commands for one meter, one or several; they take a second person unless the utility asks for one alone',
    permission: 'meter.engineer',
    about,
    body: EngineeringBody,
    answers: GIVEN_ANSWERS,
    faults: GIVEN_FAULTS,
    handle: async ({ vending }, { caller, body }) => givenAnswer(await issueCommands(vending, caller, body)),
  }),
  withBody({
    method: 'post',
    path: '/v1/test-tokens',
    summary:
      'A clear token that asks any meter for a test or a reading; it has no key and stands in no ledger',
    permission: 'meter.engineer',
    about: ({ kind }) => ({ kind }),
    body: TestTokenBody,
    answers: [{ status: 201, description: 'The token', schema: TestTokenAnswer }],
    faults: [],
    handle: async (_service, { body }) => json(201, makeTestToken(body)),
  }),
];

function soldAnswer({
  sale,
  replayed,
}: {
  readonly sale: { saleId: string; responseBody: string };
  replayed: boolean;
}) {
  const headers = { Location: `/v1/sales/${sale.saleId}`, ...(replayed ? REPLAYED : {}) };
  return { status: 201, body: sale.responseBody, headers };
}

function givenAnswer(given: Given): Answer {
  return given.kind === 'asked' ? json(202, approvalAnswer(given.approval)) : soldAnswer(given);
}

/** The schema has made sure of exactly one. */
function amountOf({
  amountDeciKwh,
  amountMinor,
}: {
  readonly amountDeciKwh: number | undefined;
  readonly amountMinor: number | undefined;
}): GivenAmount {
  return amountDeciKwh === undefined ? { amountMinor: amountMinor ?? 0 } : { amountDeciKwh };
}
