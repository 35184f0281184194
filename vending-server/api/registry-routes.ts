/** Meters, tariffs, vendors and their floats. */
import { StsFault } from '../../lib/faults.ts';
import {
  type DecoderKeyAlgorithm,
  type KeyType,
  parseEncryptionAlgorithm,
  parseSupplyGroupCode,
} from '../../lib/identity/attributes.ts';
import { deposit } from '../vending/deposit.ts';
import { findTerms } from '../vending/find-tariff.ts';
import { findVendor, issueVendorKey, openVendor } from '../vending/open-vendor.ts';
import { putTariff } from '../vending/put-tariff.ts';
import { findMeter, registerMeter } from '../vending/register-meter.ts';
import { json, param, REPLAYED, type Route, withBody, withoutBody } from './route.ts';
import {
  DepositAnswer,
  DepositBody,
  MeterAnswer,
  MeterBody,
  TariffAnswer,
  TariffBody,
  VendorAnswer,
  VendorBody,
  VendorKeyAnswer,
  VendorKeyBody,
} from './schemas.ts';

const METER_ROUTES: readonly Route[] = [
  withBody({
    method: 'post',
    path: '/v1/meters',
    summary: 'Register a meter',
    roles: ['operator'],
    body: MeterBody,
    answers: [
      { status: 201, description: 'Registered', schema: MeterAnswer },
      { status: 200, description: 'Registered before with the same attributes', schema: MeterAnswer },
    ],
    faults: [
      'meter_number_malformed',
      'meter_number_check_digit',
      'supply_group_malformed',
      'algorithm_not_supported',
      'tariff_unknown',
      'meter_exists',
    ],
    handle: async ({ vending }, { body }) => {
      const { created, meter } = await registerMeter(vending, {
        ...body,
        encryptionAlgorithm: parseEncryptionAlgorithm(body.encryptionAlgorithm),
        decoderKeyAlgorithm: parseDecoderKeyAlgorithm(body.decoderKeyAlgorithm),
        supplyGroupCode: parseSupplyGroupCode(body.supplyGroupCode),
        keyType: body.keyType as KeyType,
      });
      return json(created ? 201 : 200, meter);
    },
  }),
  withoutBody({
    method: 'get',
    path: '/v1/meters/{meter}',
    summary: 'A meter by DRN or MeterPAN',
    roles: ['vendor', 'operator'],
    answers: [{ status: 200, description: 'The meter', schema: MeterAnswer }],
    faults: ['meter_number_malformed', 'meter_number_check_digit', 'meter_unknown'],
    handle: async ({ vending }, call) => json(200, await findMeter(vending, param(call, 'meter'))),
  }),
];

/** PUT and POST do the same: terms never change under an id, so that both are safe to repeat. */
function tariffRoute(method: 'put' | 'post'): Route {
  return withBody({
    method,
    path: '/v1/tariffs',
    summary: 'Put a tariff into force',
    roles: ['operator'],
    body: TariffBody,
    answers: [
      { status: 201, description: 'In force', schema: TariffAnswer },
      { status: 200, description: 'In force before with the same terms', schema: TariffAnswer },
    ],
    faults: ['tariff_exists'],
    handle: async ({ vending }, { body }) => {
      const { created } = await putTariff(vending, body);
      return json(created ? 201 : 200, body);
    },
  });
}

const TARIFF_ROUTES: readonly Route[] = [
  tariffRoute('put'),
  tariffRoute('post'),
  withoutBody({
    method: 'get',
    path: '/v1/tariffs/{tariffId}',
    summary: 'A tariff and its terms',
    roles: ['vendor', 'operator'],
    answers: [{ status: 200, description: 'The tariff', schema: TariffAnswer }],
    faults: ['tariff_unknown'],
    handle: async ({ vending }, call) => {
      const tariffId = param(call, 'tariffId');
      return json(200, { tariffId, terms: await findTerms(vending.store, tariffId) });
    },
  }),
];

const VENDOR_ROUTES: readonly Route[] = [
  withBody({
    method: 'post',
    path: '/v1/vendors',
    summary: 'Open a vendor; the answer shows its API key once',
    roles: ['operator'],
    body: VendorBody,
    answers: [
      { status: 201, description: 'Opened, with its first API key', schema: VendorAnswer },
      { status: 200, description: 'Opened before; its key is not told again', schema: VendorAnswer },
    ],
    faults: ['vendor_exists'],
    handle: async ({ vending }, { body }) => {
      const { vendor, apiKey } = await openVendor(vending, body);
      return apiKey === undefined ? json(200, vendor) : json(201, { ...vendor, apiKey });
    },
  }),
  withoutBody({
    method: 'get',
    path: '/v1/vendors/{vendorId}',
    summary: 'A vendor and its float',
    roles: ['vendor', 'operator'],
    answers: [{ status: 200, description: 'The vendor', schema: VendorAnswer }],
    faults: ['vendor_unknown'],
    handle: async ({ vending }, call) => {
      const vendorId = param(call, 'vendorId');
      if (call.caller.role === 'vendor' && call.caller.vendorId !== vendorId) {
        throw new StsFault('permission_denied');
      }
      return json(200, await findVendor(vending, vendorId));
    },
  }),
  withBody({
    method: 'post',
    path: '/v1/vendors/{vendorId}/keys',
    summary: 'Make a further API key for a vendor; it is shown once',
    roles: ['operator'],
    body: VendorKeyBody,
    answers: [{ status: 201, description: 'The new key', schema: VendorKeyAnswer }],
    faults: ['vendor_unknown'],
    handle: async ({ vending }, call) => {
      const vendorId = param(call, 'vendorId');
      const { label } = call.body;
      return json(201, { vendorId, label, apiKey: await issueVendorKey(vending, vendorId, label) });
    },
  }),
  withBody({
    method: 'post',
    path: '/v1/vendors/{vendorId}/deposits',
    summary: "Pay into a vendor's float, once per request id",
    roles: ['operator'],
    body: DepositBody,
    answers: [{ status: 201, description: 'Recorded, now or before', schema: DepositAnswer }],
    faults: ['vendor_unknown', 'currency_mismatch', 'request_id_reused', 'payment_too_large'],
    handle: async ({ vending }, call) => {
      const vendorId = param(call, 'vendorId');
      const { floatMinor, replayed } = await deposit(vending, { ...call.body, vendorId });
      return json(201, { vendorId, ...call.body, floatMinor }, replayed ? REPLAYED : {});
    },
  }),
];

export const REGISTRY_ROUTES: readonly Route[] = [...METER_ROUTES, ...TARIFF_ROUTES, ...VENDOR_ROUTES];

function parseDecoderKeyAlgorithm(code: number): DecoderKeyAlgorithm {
  if (code === 2 || code === 4) return code;
  throw new StsFault('algorithm_not_supported', `DKGA${String(code).padStart(2, '0')}`, {
    param: 'decoderKeyAlgorithm',
  });
}
