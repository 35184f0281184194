/** Meters, what customers owe on them, vendors and their floats. */
import { StsFault } from '../../lib/faults.ts';
import {
  type DecoderKeyAlgorithm,
  type KeyType,
  parseEncryptionAlgorithm,
  parseSupplyGroupCode,
} from '../../lib/identity/attributes.ts';
import { personsFor } from '../people/approvals.ts';
import { assertOwn } from '../people/caller.ts';
import type { Vending } from '../vending/context.ts';
import { lookUp } from '../vending/look-up.ts';
import { openDebt } from '../vending/open-debt.ts';
import { findVendor, issueVendorKey, openVendor } from '../vending/open-vendor.ts';
import { findMeter, registerMeter } from '../vending/register-meter.ts';
import { AT_ONCE, askSecondPerson } from '../vending/two-persons.ts';
import { approvalAnswer } from './approval-routes.ts';
import { DebtAnswer, DebtBody, LookUpAnswer, MeterAnswer, MeterBody } from './meter-schemas.ts';
import { ApprovalAnswer } from './people-schemas.ts';
import { json, param, REPLAYED, type Route, vendorOf, withBody, withoutBody } from './route.ts';
import { iso } from './time.ts';
import {
  DepositAnswer,
  DepositBody,
  VendorAnswer,
  VendorBody,
  VendorKeyAnswer,
  VendorKeyBody,
} from './vendor-schemas.ts';

const METER_ROUTES: readonly Route[] = [
  withBody({
    method: 'post',
    path: '/v1/meters',
    summary: 'Register a meter',
    permission: 'meter.register',
    body: MeterBody,
    about: ({ meter }) => ({ meter }),
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
    permission: 'meter.read',
    audit: 'read',
    answers: [{ status: 200, description: 'The meter', schema: MeterAnswer }],
    faults: ['meter_number_malformed', 'meter_number_check_digit', 'meter_unknown'],
    handle: async ({ vending }, call) => json(200, await findMeter(vending, param(call, 'meter'))),
  }),
  withoutBody({
    method: 'get',
    path: '/v1/meters/{meter}/look-up',
    summary: 'What a seller should see before money changes hands',
    permission: 'meter.lookUp',
    audit: 'read',
    answers: [
      {
        status: 200,
        description: 'Whose it is, whether it can be sold to and why not, bounds, arrears',
        schema: LookUpAnswer,
      },
    ],
    faults: [
      'meter_number_malformed',
      'meter_number_check_digit',
      'vendor_unknown',
      'meter_unknown',
      'tariff_unknown',
      'tariff_not_in_force',
    ],
    handle: async ({ vending }, call) => {
      const { caller } = call;
      const found = await lookUp(vending, vendorOf(caller), param(call, 'meter'), caller.userId ?? undefined);
      const { lastPurchaseAt: at } = found;
      return json(200, { ...found, lastPurchaseAt: at === null ? null : iso(at) });
    },
  }),
  withBody({
    method: 'post',
    path: '/v1/meters/{meter}/debts',
    summary: 'Put a debt on a meter, to be recovered from payments',
    permission: 'debt.open',
    body: DebtBody,
    about: ({ debtId, amountMinor }) => ({ debtId, amountMinor }),
    answers: [
      { status: 201, description: 'Opened', schema: DebtAnswer },
      { status: 200, description: 'Opened before with the same terms', schema: DebtAnswer },
    ],
    faults: [
      'meter_number_malformed',
      'meter_number_check_digit',
      'meter_unknown',
      'meter_changed_out',
      'tariff_unknown',
      'tariff_not_in_force',
      'currency_mismatch',
      'debt_exists',
    ],
    handle: async ({ vending }, call) => {
      const { created } = await openDebt(vending, { ...call.body, meter: param(call, 'meter') });
      return json(created ? 201 : 200, call.body);
    },
  }),
];

const VENDOR_ROUTES: readonly Route[] = [
  withBody({
    method: 'post',
    path: '/v1/vendors',
    summary: 'Open a vendor; the answer shows its API key once',
    permission: 'vendor.open',
    body: VendorBody,
    about: ({ vendorId }) => ({ vendorId }),
    answers: [
      { status: 201, description: 'Opened, with its first API key', schema: VendorAnswer },
      { status: 200, description: 'Opened before; its key is not told again', schema: VendorAnswer },
    ],
    faults: ['vendor_exists', 'approval_required'],
    handle: async ({ vending }, { body, caller }) => {
      await assertCreditLimit(vending, body);
      const { vendor, apiKey } = await openVendor(vending, body, caller.principal);
      return apiKey === undefined ? json(200, vendor) : json(201, { ...vendor, apiKey });
    },
  }),
  withoutBody({
    method: 'get',
    path: '/v1/vendors/{vendorId}',
    summary: 'A vendor and its float',
    permission: 'vendor.read',
    answers: [{ status: 200, description: 'The vendor', schema: VendorAnswer }],
    faults: ['vendor_unknown'],
    handle: async ({ vending }, call) => {
      const vendorId = param(call, 'vendorId');
      assertOwn(call.caller, vendorId);
      return json(200, await findVendor(vending, vendorId));
    },
  }),
  withBody({
    method: 'post',
    path: '/v1/vendors/{vendorId}/keys',
    summary: 'Make a further API key for a vendor; it is shown once',
    permission: 'key.manage',
    body: VendorKeyBody,
    answers: [{ status: 201, description: 'The new key', schema: VendorKeyAnswer }],
    faults: ['vendor_unknown'],
    handle: async ({ vending }, call) => {
      const vendorId = param(call, 'vendorId');
      const { label } = call.body;
      const apiKey = await issueVendorKey(vending, vendorId, label, call.caller.principal);
      return json(201, { vendorId, label, apiKey });
    },
  }),
  withBody({
    method: 'post',
    path: '/v1/vendors/{vendorId}/deposits',
    summary: "Pay into a vendor's float, once per request id",
    permission: 'float.move',
    body: DepositBody,
    about: ({ requestId, amountMinor }) => ({ requestId, amountMinor }),
    answers: [
      { status: 201, description: 'Recorded, now or before', schema: DepositAnswer },
      { status: 202, description: 'Waits for a second person', schema: ApprovalAnswer },
    ],
    faults: ['vendor_unknown', 'currency_mismatch', 'request_id_reused', 'payment_too_large'],
    handle: async ({ vending }, call) => {
      const payload = { ...call.body, vendorId: param(call, 'vendorId') };
      const { reference: reason, vendorId, requestId } = payload;
      // What is in the books is answered from them, whoever had to approve it.
      const isHeld = (await vending.store.money.findDeposit(vendorId, requestId)) !== undefined;
      const asked = isHeld
        ? undefined
        : await askSecondPerson(vending, call.caller, 'deposit', { payload, reason });
      if (asked !== undefined) return json(202, approvalAnswer(asked));
      const { floatMinor, replayed } = await AT_ONCE.deposit(vending, payload);
      return json(201, { vendorId, ...call.body, floatMinor }, replayed ? REPLAYED : {});
    },
  }),
];

export const REGISTRY_ROUTES: readonly Route[] = [...METER_ROUTES, ...VENDOR_ROUTES];

/** A vendor that is opened with credit would be a way around the two who have to agree on it. */
async function assertCreditLimit(
  vending: Vending,
  { vendorId, creditLimitMinor }: { readonly vendorId: string; readonly creditLimitMinor: number },
): Promise<void> {
  if (creditLimitMinor === 0 || (await personsFor(vending, 'creditLimit')) === 1) return;
  if ((await vending.store.findVendor(vendorId)) !== undefined) return;
  throw new StsFault('approval_required', 'open it without credit, then ask for the limit', {
    param: 'creditLimitMinor',
  });
}

function parseDecoderKeyAlgorithm(code: number): DecoderKeyAlgorithm {
  if (code === 2 || code === 4) return code;
  throw new StsFault('algorithm_not_supported', `DKGA${String(code).padStart(2, '0')}`, {
    param: 'decoderKeyAlgorithm',
  });
}
