/** Meters, what a till sees of one before it sells, and what its customer owes. */
import { z } from 'zod';
import {
  BaseDates,
  Block,
  Currency,
  Fault,
  Id,
  KeyExpiry,
  KeyName,
  MeterNumber,
  Minor,
  MOST_MINOR,
  Rate,
  Text,
} from './schemas.ts';

const meterAttributes = {
  /** 7 STA, 11 MISTY1; others are refused by name. */
  encryptionAlgorithm: z.int().min(0).max(99),
  /** 2 or 4; others are refused by name. */
  decoderKeyAlgorithm: z.int().min(0).max(99),
  supplyGroupCode: z.string().max(40),
  tariffIndex: z.int().min(0).max(99),
  keyRevision: z.int().min(1).max(9),
  keyType: z.int().min(0).max(3),
  baseDate: BaseDates,
  tariffId: Id,
};
export const MeterBody = z.strictObject({
  meter: MeterNumber,
  ...meterAttributes,
  /** TCT, 1 for a magnetic card; a keypad when left out. */
  tokenCarrierType: z.int().min(0).max(99).optional(),
  /** KEN that the meter is known to hold; that of its vending key when left out. */
  keyExpiry: KeyExpiry.nullable().optional(),
  /** Whether an EA07 meter keeps its supply group, and takes a third section of a key change. */
  storesSupplyGroup: z.boolean().optional(),
});
export const MeterAnswer = z.strictObject({
  meterPan: z.string().length(18),
  drn: z.string(),
  ...meterAttributes,
  tokenCarrierType: z.int().min(0).max(99),
  keyExpiry: KeyExpiry.nullable(),
  storesSupplyGroup: z.boolean(),
  /** What the key shall be made of from the next key change on. */
  wantedKey: z
    .strictObject({ supplyGroupCode: z.string().length(6), tariffIndex: z.int().min(0).max(99) })
    .nullable(),
  /** The last key change that was issued and that nobody has confirmed. */
  issuedKeyChange: z
    .strictObject({
      saleId: z.string(),
      changedAt: z.int(),
      from: KeyName,
      to: KeyName,
      threeSections: z.boolean(),
    })
    .nullable(),
  /** MeterPAN of the meter that took this one's place; nothing is sold to this one any more. */
  replacedBy: z.string().nullable(),
  /** MeterPAN of the meter whose place this one took. */
  replaces: z.string().nullable(),
});

export const LookUpAnswer = z.strictObject({
  meter: MeterAnswer,
  lookUpCode: z.string(),
  /** Masked: a guard against the wrong meter. null where nobody is registered. */
  customer: z.strictObject({ name: z.string().nullable(), addressLines: z.array(z.string()) }).nullable(),
  canVend: z.boolean(),
  /** The fault that a sale would be refused with. */
  cannotVendBecause: Fault.nullable(),
  currency: Currency,
  minimumMinor: Minor,
  maximumMinor: Minor,
  /** What the rules of the day leave to this vendor, operator and meter; null where none bounds. */
  limits: z.strictObject({
    sales: z.int().min(0).nullable(),
    paidMinor: z.int().min(0).nullable(),
    amountDeciKwh: z.int().min(0).nullable(),
  }),
  arrears: z.array(z.strictObject({ debtId: Id, label: Text, balanceMinor: Minor })),
  chargesDue: z.array(z.strictObject({ chargeId: Id, label: Text, dueMinor: Minor })),
  freeUnitsDueDeciKwh: z.int().min(0),
  /** Whether free units come with a purchase alone. */
  freeUnitsOnlyWithSale: z.boolean(),
  monthUnitsDeciKwh: z.int().min(0),
  block: Block.nullable(),
  /** Whether the next sale begins with a key change. */
  keyChangeDue: z.boolean(),
  lastPurchaseAt: z.iso.datetime().nullable(),
});

export const DebtBody = z.strictObject({
  debtId: Id,
  label: Text,
  amountMinor: z.int().min(1).max(MOST_MINOR),
  currency: Currency,
  recovery: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('fixed'), amountMinor: z.int().min(1).max(MOST_MINOR) }),
    z.strictObject({ kind: z.literal('percentage'), rate: Rate }),
    z.strictObject({ kind: z.literal('all') }),
  ]),
});
export const DebtAnswer = DebtBody;
