/**
 * What may be asked of the module, checked where it enters the module's process. A refusal names the field and quotes
 * nothing. Amounts are left to the coding of the token, which has a fault of its own for them.
 */
import { z } from 'zod';
import { StsFault } from '../../lib/faults.ts';
import { isRegisterCode } from '../../lib/token/block-fields.ts';
import { TID_MAX } from '../../lib/token/tid.ts';
import type { ChainEntry, CreditOrder, IssueRequest, ManagementOrder, VerifyRequest } from './contract.ts';

/** More tokens than any sale needs: a key change of four, and a large payment split above the token maximum. */
export const ORDERS_MAX = 64;

const HASH = z.string().regex(/^[0-9a-f]{64}$/);
const METER = z.strictObject({
  meterPan: z.string().regex(/^[0-9]{18}$/),
  encryptionAlgorithm: z.literal([7, 11]),
  decoderKeyAlgorithm: z.literal([2, 4]),
  supplyGroupCode: z.string().regex(/^[0-9]{6}$/),
  tariffIndex: z.int().min(0).max(99),
  keyRevision: z.int().min(1).max(9),
  keyType: z.literal([0, 1, 2, 3]),
  baseDate: z.enum(['93', '14', '35']),
  tokenCarrierType: z.int().min(0).max(99).optional(),
});
const TID = z.int().min(0).max(TID_MAX);
const AMOUNT = z.unknown();

const CREDIT = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('creditElectricity'), amountDeciKwh: AMOUNT }),
  z.strictObject({ kind: z.literal(['creditWater', 'creditGas']), amountDeciCubicMetre: AMOUNT }),
  z.strictObject({ kind: z.literal('creditTime'), amountDeciMinute: AMOUNT }),
  z.strictObject({
    kind: z.literal('currencyCredit'),
    resource: z.enum(['electricity', 'water', 'gas', 'time']),
    amountHundredThousandth: AMOUNT,
  }),
]);
const MANAGEMENT = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal(['setMaximumPowerLimit', 'setMaximumPhasePowerUnbalanceLimit']),
    limitWatt: AMOUNT,
  }),
  z.strictObject({
    kind: z.literal('clearCredit'),
    registerCode: z.int().min(0).max(0xffff).refine(isRegisterCode),
  }),
  z.strictObject({ kind: z.literal('setTariffRate'), rateRaw: z.int().min(0).max(0xffff) }),
  z.strictObject({ kind: z.literal('clearTamper') }),
  z.strictObject({ kind: z.literal('setWaterMeterFactor'), factorRaw: z.int().min(0).max(0xffff) }),
  z.strictObject({ kind: z.literal('setFlag'), flag: z.int().min(0).max(511), isSet: z.boolean() }),
  z.strictObject({
    kind: z.literal('setControl'),
    index: z.int().min(0).max(62),
    valueRaw: z.int().min(0).max(1023),
  }),
]);
const ORDER = z.discriminatedUnion('purpose', [
  z.strictObject({ purpose: z.literal('credit'), meter: METER, tidMinutes: TID, token: CREDIT }),
  z.strictObject({ purpose: z.literal('management'), meter: METER, tidMinutes: TID, token: MANAGEMENT }),
  z.strictObject({
    purpose: z.literal('keyChange'),
    from: METER,
    to: METER,
    threeSections: z.boolean(),
    fromKeyExpiry: z.int().min(0).max(255).optional(),
  }),
  z.strictObject({ purpose: z.literal('payment'), meter: METER }),
]);
const REQUEST = z.strictObject({
  orders: z.array(ORDER).min(1).max(ORDERS_MAX),
  saleDigest: HASH,
});
const VERIFY = z.strictObject({
  tokenNo: z.string().regex(/^[0-9]{20}$/),
  meter: METER,
  underAnyKey: z.boolean(),
});
const CHAIN_ENTRY = z.strictObject({
  moduleId: z.string(),
  counter: z.int().min(1),
  saleDigest: HASH,
  tokenDigest: HASH,
  previousHash: HASH,
  entryHash: HASH,
  signature: z.string(),
  statement: z.string(),
});

/** @throws StsFault `request_malformed`, with the path of the field as its param. */
export function readIssueRequest(value: unknown): IssueRequest {
  const request = parsed(REQUEST, value) as IssueRequest;
  if (request.orders.length > 1) assertOneSale(request);
  return request;
}

/** @throws StsFault `request_malformed`. */
export function readVerifyRequest(value: unknown): VerifyRequest {
  return parsed(VERIFY, value) as VerifyRequest;
}

/** @throws StsFault `request_malformed`. */
export function readChainEntry(value: unknown): ChainEntry {
  return parsed(CHAIN_ENTRY, value, 'lastSigned');
}

/**
 * Money alone has nothing beside it. The tokens of one request reach the meter one after the other: a key change first, as
 * sections under the old key read nowhere after it, and then nothing more under that key; and no TID twice, as the meter
 * would refuse the second.
 */
function assertOneSale({ orders }: IssueRequest): void {
  const [first] = orders;
  const tids = new Set<string>();
  for (const [index, order] of orders.entries()) {
    if (order.purpose === 'payment') throw malformed(`orders.${index}.purpose`);
    if (order.purpose === 'keyChange') {
      if (index === 0) continue;
      throw notAllowed('one key change in a request, before all other tokens', index);
    }
    assertNewKey(first?.purpose === 'keyChange' ? first.to : undefined, order, index);
    const { meterPan, baseDate } = order.meter;
    const tid = `${meterPan} ${baseDate} ${order.tidMinutes}`;
    if (tids.has(tid)) throw malformed(`orders.${index}.tidMinutes`);
    tids.add(tid);
  }
}

const KEY_FIELDS = ['supplyGroupCode', 'tariffIndex', 'keyRevision', 'keyType', 'baseDate'] as const;

function assertNewKey(
  to: CreditOrder['meter'] | undefined,
  { meter }: CreditOrder | ManagementOrder,
  index: number,
): void {
  if (to === undefined || to.meterPan !== meter.meterPan) return;
  if (KEY_FIELDS.some((field) => to[field] !== meter[field])) {
    throw notAllowed('after a key change the meter takes tokens under its new key alone', index);
  }
}

function notAllowed(detail: string, index: number): StsFault {
  return new StsFault('key_change_not_allowed', detail, { param: `orders.${index}` });
}

function parsed<Value>(schema: z.ZodType<Value>, value: unknown, whole = ''): Value {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  // The path alone: zod's own text may quote the value.
  throw malformed(whole === '' ? (result.error.issues[0]?.path.join('.') ?? '') : whole);
}

function malformed(path: string): StsFault {
  return new StsFault('request_malformed', 'to the security module', path === '' ? {} : { param: path });
}
