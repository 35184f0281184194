/** Selling, and the same answer again. */
import { StsFault } from '../../lib/faults.ts';
import type { Caller } from '../vending/api-keys.ts';
import { findSale, findSaleByRequest } from '../vending/find-sale.ts';
import { sell } from '../vending/sell.ts';
import { param, REPLAYED, type Route, withBody, withoutBody } from './route.ts';
import { SaleAnswer, SaleBody } from './schemas.ts';

/** Operators sell nothing: a sale is on some vendor's float. */
function vendorOf(caller: Caller): string {
  if (caller.role !== 'vendor') throw new StsFault('permission_denied');
  return caller.vendorId;
}

export function saleRoutes(onSaleAnswered: (requestId: string) => void): readonly Route[] {
  return [
    withBody({
      method: 'post',
      path: '/v1/sales',
      summary: 'Sell a token; the same request id and body give the same answer for ever',
      roles: ['vendor'],
      body: SaleBody,
      answers: [{ status: 201, description: 'Sold, now or before', schema: SaleAnswer }],
      faults: [
        'meter_number_malformed',
        'meter_number_check_digit',
        'request_id_reused',
        'vendor_unknown',
        'meter_unknown',
        'tariff_unknown',
        'currency_mismatch',
        'payment_too_small',
        'payment_too_large',
        'date_out_of_range',
        'float_exhausted',
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
        'security_module_unavailable',
      ],
      handle: async ({ vending }, { caller, body }) => {
        const { sale, replayed } = await sell(vending, { ...body, vendorId: vendorOf(caller) });
        return {
          status: 201,
          body: sale.responseBody,
          headers: { Location: `/v1/sales/${sale.saleId}`, ...(replayed ? REPLAYED : {}) },
          sent: () => onSaleAnswered(sale.requestId),
        };
      },
    }),
    withoutBody({
      method: 'get',
      path: '/v1/sales/by-request/{requestId}',
      summary: "A sale by the vendor's own request id",
      roles: ['vendor'],
      answers: [{ status: 200, description: 'The first answer, byte for byte', schema: SaleAnswer }],
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
      roles: ['vendor', 'operator'],
      answers: [{ status: 200, description: 'The first answer, byte for byte', schema: SaleAnswer }],
      faults: ['sale_unknown'],
      handle: async ({ vending }, call) => {
        const sale = await findSale(vending, call.caller, param(call, 'saleId'));
        return { status: 200, body: sale.responseBody };
      },
    }),
  ];
}
