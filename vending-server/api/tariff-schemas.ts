/** Tariffs by their versions. */
import { z } from 'zod';
import { AMOUNT_MAX } from '../../lib/token/amount.ts';
import { ROUNDINGS } from '../tariff/money.ts';
import { Currency, Decimal, Id, Minor, MOST_MINOR, Rate, Text } from './schemas.ts';

const Price = Decimal.refine((text) => /[1-9]/.test(text), 'Invalid price: expected more than 0');
const DayBands = z.array(z.strictObject({ minute: z.int().min(0).max(1439), bandId: Id })).max(96);
const DayKinds = z.enum(['weekday', 'saturday', 'sunday']);
const Calendar = z.strictObject({
  bands: z
    .array(z.strictObject({ bandId: Id, label: Text, pricePerKwh: Price }))
    .min(1)
    .max(16),
  seasons: z
    .array(
      z.strictObject({
        begins: z.string().regex(/^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$/),
        days: z.strictObject({ weekday: DayBands, saturday: DayBands, sunday: DayBands }),
      }),
    )
    .max(12),
  specialDays: z.record(z.iso.date(), DayKinds).default({}),
});
const Energy = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('flat'), pricePerKwh: Price }),
  z.strictObject({
    kind: z.literal('blocks'),
    blocks: z
      .array(
        z.strictObject({ untilDeciKwh: z.int().min(1).max(1_000_000_000).nullable(), pricePerKwh: Price }),
      )
      .max(32),
  }),
  z.strictObject({ kind: z.literal('timeOfUse'), calendar: Calendar }),
]);
const Deduction = z.enum(['paymentFee', 'arrears', 'fixedCharges']);

export const TermsBody = z.strictObject({
  currency: Currency,
  /** IANA name; days and months are those of the wall clock there. */
  timeZone: z.string().min(1).max(60).default('UTC'),
  vatRate: Rate,
  pricesIncludeVat: z.boolean().default(false),
  energy: Energy,
  fixedCharges: z
    .array(
      z.strictObject({
        chargeId: Id,
        label: Text,
        per: z.enum(['day', 'month']),
        amountMinor: z.int().min(1).max(MOST_MINOR),
        isTaxed: z.boolean(),
      }),
    )
    .max(16)
    .default([]),
  paymentFeeMinor: Minor.default(0),
  freeUnitsDeciKwh: z.int().min(0).max(AMOUNT_MAX).default(0),
  freeUnitsFillBlocks: z.boolean().default(false),
  /** Free units come with a purchase alone; when left out they are also given by themselves. */
  freeUnitsOnlyWithSale: z.boolean().optional(),
  deductionOrder: z.array(Deduction).max(3).default(['paymentFee', 'arrears', 'fixedCharges']),
  deductionShare: Rate.default('1'),
  takesPaymentWithoutEnergy: z.boolean().default(false),
  energyRounding: z.enum(['carry', ...ROUNDINGS]).default('carry'),
  taxRounding: z.enum(ROUNDINGS).default('nearest'),
  minimumMinor: z.int().min(1).max(MOST_MINOR).default(1),
  maximumMinor: z.int().min(1).max(MOST_MINOR).default(1_000_000_000),
});
export const TariffBody = z.strictObject({
  tariffId: Id,
  /** From when on; a first version may leave it out and is in force at once. */
  validFrom: z.iso.datetime().optional(),
  terms: TermsBody,
});
export const TariffAnswer = z.strictObject({
  tariffId: Id,
  versions: z.array(z.strictObject({ validFrom: z.iso.datetime(), terms: TermsBody })),
});

export const TariffsAnswer = z.strictObject({
  tariffs: z.array(
    z.strictObject({
      tariffId: Id,
      currency: Currency,
      energy: z.enum(['flat', 'blocks', 'timeOfUse']),
      versions: z.int().min(1),
      /** Since when the version in force stands; null before the first one begins. */
      inForceSince: z.iso.datetime().nullable(),
      nextFrom: z.iso.datetime().nullable(),
    }),
  ),
  next: Id.nullable(),
});
