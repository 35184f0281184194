/** Selling, and the same answer again. */
import { z } from 'zod';
import type { FaultCode } from '../../lib/faults.ts';
import { answerLost } from '../vending/advice.ts';
import { findSale, findSaleByRequest } from '../vending/find-sale.ts';
import { trialSale } from '../vending/trial-sale.ts';
import { json, param, REPLAYED, type Route, vendorOf, withBody, withoutBody } from './route.ts';
import { ReversedSaleAnswer, SaleAnswer, SaleBody, TrialAnswer, TrialBody } from './sale-schemas.ts';

/** What can be wrong with a purchase before anything is made of it. */
const PURCHASE_FAULTS = [
  'meter_number_malformed',
  'meter_number_check_digit',
  'vendor_unknown',
  'meter_unknown',
  'meter_changed_out',
  'tariff_unknown',
  'tariff_not_in_force',
  'look_up_code_wrong',
  'currency_mismatch',
  'payment_too_small',
  'payment_too_large',
  'operation_unsupported',
  'security_module_unavailable',
] as const satisfies readonly FaultCode[];

/** What whatever a till asks for can be refused with, a token or none. */
export const TILL_FAULTS = [
  'request_id_reused',
  'request_withdrawn',
  'sale_reversed',
  'shift_unknown',
  'shift_closed',
  'shift_of_another',
  'tendered_too_little',
  'supply_group_not_permitted',
  'limit_reached',
  'hours_closed',
  'date_out_of_range',
  'float_exhausted',
] as const satisfies readonly FaultCode[];

/** What a sale can be refused with. */
export const SALE_FAULTS = [
  ...PURCHASE_FAULTS,
  ...TILL_FAULTS,
  'tid_ahead_of_clock',
  'vending_key_unknown',
  'vending_key_no_credit',
  'key_type_not_supported',
  'vending_key_not_active',
  'vending_key_issue_ended',
  'token_carrier_not_allowed',
  'subclass_not_allowed',
  'base_date_ended',
  'key_expired',
  'tid_outside_clock_window',
  'amount_out_of_range',
  'unit_limit_exceeded',
  'currency_limit_exceeded',
  'key_change_not_allowed',
] as const satisfies readonly FaultCode[];

const FOUND = {
  status: 200,
  description: 'The first answer, byte for byte; of a sale that was taken back all but its digits',
  schema: z.union([SaleAnswer, ReversedSaleAnswer]),
} as const;

export function saleRoutes(onSaleAnswered: (requestId: string) => void): readonly Route[] {
  return [
    withBody({
      method: 'post',
      path: '/v1/sales',
      summary: 'Sell a token; the same request id and body give the same answer for ever',
      permission: 'sale.make',
      audit: 'none',
      body: SaleBody,
      answers: [{ status: 201, description: 'Sold, now or before', schema: SaleAnswer }],
      faults: SALE_FAULTS,
      handle: async ({ vending, sell }, { caller, body }) => {
        const seller = {
          vendorId: vendorOf(caller),
          // A person at a till is who he signed in as; a machine tells who stands there.
          operatorId: caller.userId ?? body.operatorId,
        };
        const { sale, replayed, isOnlyCopy } = await sell(vending, Object.assign({}, body, seller));
        return {
          status: 201,
          body: sale.responseBody,
          headers: { Location: `/v1/sales/${sale.saleId}`, ...(replayed ? REPLAYED : {}) },
          sent: () => onSaleAnswered(sale.requestId),
          lost: isOnlyCopy ? () => answerLost(vending, sale.saleId) : undefined,
        };
      },
    }),
    withBody({
      method: 'post',
      path: '/v1/trial-sales',
      summary: 'What a sale would be, to the cent, without money and without a token',
      permission: 'sale.make',
      audit: 'none',
      body: TrialBody,
      answers: [{ status: 200, description: 'The lines of the sale', schema: TrialAnswer }],
      faults: PURCHASE_FAULTS,
      handle: async ({ vending }, { caller, body }) =>
        json(200, await trialSale(vending, { ...body, vendorId: vendorOf(caller) })),
    }),
    withoutBody({
      method: 'get',
      path: '/v1/sales/by-request/{requestId}',
      summary: "A sale by the vendor's own request id",
      permission: 'sale.read',
      audit: 'read',
      answers: [FOUND],
      faults: ['sale_unknown'],
      handle: async ({ vending }, call) => {
        const sale = await findSaleByRequest(vending, vendorOf(call.caller), param(call, 'requestId'));
        return { status: 200, body: sale.responseBody };
      },
    }),
    withoutBody({
      method: 'get',
      path: '/v1/sales/{saleId}',
      summary: 'A sale by its id',
      permission: 'sale.read',
      audit: 'read',
      answers: [FOUND],
      faults: ['sale_unknown'],
      handle: async ({ vending }, call) => {
        const sale = await findSale(vending, call.caller, param(call, 'saleId'));
        return { status: 200, body: sale.responseBody };
      },
    }),
  ];
}
