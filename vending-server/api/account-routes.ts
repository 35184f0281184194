/** What a meter owes and has bought, for the utility's own people; a vendor knows his own sales alone. */
import type { FaultCode } from '../../lib/faults.ts';
import { meterAccount, meterPurchases } from '../vending/meter-account.ts';
import { MeterAccountAnswer, MeterSalesAnswer, MeterSalesQuery } from './account-schemas.ts';
import { json, param, type Route, withoutBody, withQuery } from './route.ts';
import { iso } from './time.ts';
import { nextOf } from './user-routes.ts';

const METER_FAULTS = [
  'meter_number_malformed',
  'meter_number_check_digit',
  'meter_unknown',
] as const satisfies readonly FaultCode[];

export const ACCOUNT_ROUTES: readonly Route[] = [
  withoutBody({
    method: 'get',
    path: '/v1/meters/{meter}/account',
    summary: 'What a meter owes, where it stands in its month, and what its next purchase is reckoned with',
    permission: 'customer.read',
    audit: 'read',
    answers: [{ status: 200, description: 'The account', schema: MeterAccountAnswer }],
    faults: [...METER_FAULTS, 'tariff_unknown', 'tariff_not_in_force'],
    handle: async ({ vending }, call) => {
      const { history: past, ...account } = await meterAccount(vending, param(call, 'meter'));
      const { lastAt, ...history } = past;
      return json(200, { ...account, history, lastPurchaseAt: lastAt === null ? null : iso(lastAt) });
    },
  }),
  withQuery({
    path: '/v1/meters/{meter}/sales',
    summary: 'What was sold and given to a meter, by whomever, the newest first and without digits',
    permission: 'customer.read',
    audit: 'read',
    query: MeterSalesQuery,
    answers: [{ status: 200, description: 'A page of sales', schema: MeterSalesAnswer }],
    faults: METER_FAULTS,
    handle: async ({ vending }, call) => {
      const { before = null, limit } = call.query;
      const sales = await meterPurchases(vending, { meter: param(call, 'meter'), before, limit });
      return json(200, { sales, next: nextOf(sales, limit, ({ saleId }) => saleId) });
    },
  }),
];
