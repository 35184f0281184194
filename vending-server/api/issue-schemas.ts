/** What goes over the wire about free units, what is given without money, and commands for meters. */
import { z } from 'zod';
import { isRegisterCode } from '../../lib/token/block-fields.ts';
import {
  CHANGE_OUT_REASONS,
  ENGINEERING_REASONS,
  FREE_ISSUE_REASONS,
  REPLACEMENT_REASONS,
} from '../vending/reasons.ts';
import { Id, MeterNumber, MOST_MINOR, Text } from './schemas.ts';
import { SendTo } from './send-to.ts';

/** Several tokens where one cannot carry it all; far above what a meter uses in its life. */
const MOST_DECI_KWH = 1_000_000_000;

export const FreeUnitsBody = z.strictObject({
  requestId: Id,
  meter: MeterNumber,
  lookUpCode: z.string().max(20).optional(),
  operatorId: Id.optional(),
  tillId: Id.optional(),
  shiftId: Id.optional(),
  sendTo: SendTo.optional(),
});

const given = { requestId: Id, reason: Text, approvalId: z.string().max(100).optional() };
const toCustomer = { ...given, sendTo: SendTo.optional() };

/** Energy, or money for a meter that bills by band itself: exactly one of the two. */
const amounts = (least: number) => ({
  amountDeciKwh: z.int().min(least).max(MOST_DECI_KWH).optional(),
  amountMinor: z.int().min(least).max(MOST_MINOR).optional(),
});
const asksOnce = (body: { amountDeciKwh?: unknown; amountMinor?: unknown }) =>
  (body.amountDeciKwh === undefined) !== (body.amountMinor === undefined);
const ONE_OF_TWO = {
  message: 'Invalid request: expected amountDeciKwh or amountMinor',
  path: ['amountDeciKwh'],
};

export const FreeIssueBody = z
  .strictObject({ meter: MeterNumber, ...amounts(1), ...toCustomer, reasonCode: z.enum(FREE_ISSUE_REASONS) })
  .refine(asksOnce, ONE_OF_TWO);

export const ReplacementBody = z.strictObject({
  saleId: z.string().min(1).max(100),
  /** Of the tokens of that sale, from 1 in the order of its answer. */
  token: z.int().min(1).max(64),
  ...toCustomer,
  reasonCode: z.enum(REPLACEMENT_REASONS),
});

export const ChangeOutBody = z
  .strictObject({
    /** Registered before. */
    newMeter: MeterNumber,
    /** What is left on the old one. */
    ...amounts(0),
    /** Whether that may be more than the ledger ever sold to it. */
    allowAboveSold: z.boolean().default(false),
    ...toCustomer,
    reasonCode: z.enum(CHANGE_OUT_REASONS),
  })
  .refine(asksOnce, ONE_OF_TWO);

const Raw = z.int().min(0).max(0xffff);
const Watt = z.int().min(0).max(100_000_000);
/** As lib names its kinds and fields; limits beyond what a token carries are refused by name. */
const Command = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('setMaximumPowerLimit'), limitWatt: Watt }),
  /** 0-3 electricity, water, gas, time; 4-7 the same in currency; 65535 all. */
  z.strictObject({ kind: z.literal('clearCredit'), registerCode: Raw.refine(isRegisterCode) }),
  z.strictObject({ kind: z.literal('setTariffRate'), rateRaw: Raw }),
  z.strictObject({ kind: z.literal('clearTamper') }),
  z.strictObject({ kind: z.literal('setMaximumPhasePowerUnbalanceLimit'), limitWatt: Watt }),
  z.strictObject({ kind: z.literal('setWaterMeterFactor'), factorRaw: Raw }),
  z.strictObject({ kind: z.literal('setFlag'), flag: z.int().min(0).max(511), isSet: z.boolean() }),
  z.strictObject({
    kind: z.literal('setControl'),
    index: z.int().min(0).max(62),
    valueRaw: z.int().min(0).max(1023),
  }),
]);

export const EngineeringBody = z.strictObject({
  meter: MeterNumber,
  /** Keyed in, and answered, in this order. */
  tokens: z.array(Command).min(1).max(16),
  ...toCustomer,
  reasonCode: z.enum(ENGINEERING_REASONS),
});

const Bits28 = z.int().min(0).max(0xfff_ffff);
const Bits36 = z.int().min(0).max(0xf_ffff_ffff);
const TwoDigits = z.int().min(0).max(99);
const FourDigits = z.int().min(0).max(9999);
/** Code 0 addresses the meters of every maker. */
const initiateTest = <Digits extends 2 | 4>(digits: Digits, most: number, code: z.ZodInt) =>
  z.strictObject({
    kind: z.literal('initiateTest'),
    manufacturerDigits: z.literal(digits),
    manufacturerCode: code.default(0),
    /** 0 for all, 1-18 by name, from 19 on as the maker says. */
    test: z.int().min(0).max(most),
  });
const proprietary = <Control extends z.ZodInt>(
  subclasses: readonly number[],
  control: Control,
  code: z.ZodInt,
) =>
  z.strictObject({
    kind: z.literal('proprietaryTest'),
    subclass: z.literal(subclasses as number[]),
    control,
    manufacturerCode: code,
  });
export const TestTokenBody = z.union([
  initiateTest(2, 36, TwoDigits),
  initiateTest(4, 28, FourDigits),
  z.strictObject({ kind: z.literal('extendedRead'), index: z.int().min(0).max(63) }),
  proprietary([6, 7, 8, 9, 10], Bits28, FourDigits),
  proprietary([11, 12, 13, 14, 15], Bits36, TwoDigits),
]);
export const TestTokenAnswer = z.strictObject({
  tokenNo: z.string().regex(/^[0-9]{20}$/),
  tokenNoGrouped: z.string(),
  token: z.looseObject({ kind: z.string() }),
  /** What the meter will do; null where only its maker knows. */
  tests: z.array(z.strictObject({ test: z.int(), name: z.string().nullable() })),
});
