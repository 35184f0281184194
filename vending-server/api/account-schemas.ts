/** What goes over the wire about what a meter owes and has bought, and about trials of tariffs without a meter. */
import { z } from 'zod';
import { AMOUNT_MAX } from '../../lib/token/amount.ts';
import { SALE_KINDS } from '../store/money-contract.ts';
import { DebtBody } from './meter-schemas.ts';
import { ONE_OF_TWO, picture } from './sale-schemas.ts';
import { Block, Currency, Id, Minor, MOST_MINOR, Text } from './schemas.ts';
import { TermsBody } from './tariff-schemas.ts';

const Time = z.iso.datetime();
const Month = z.string().regex(/^[0-9]{4}-(0[1-9]|1[0-2])$/);
const DeciKwh = z.int().min(0);

/** The past that a tariff looks at. What is left out never was. */
const past = {
  /** Bought in the month of it, by default the present one; units of another month count as none. */
  monthUnitsDeciKwh: DeciKwh.max(MOST_MINOR).default(0),
  month: Month.or(z.literal('')).default(''),
  /** Month in which free units were given last. */
  freeUnitsMonth: Month.or(z.literal('')).default(''),
  /** Minor units below the price of 0.1 kWh that wait for the next purchase. */
  carriedMinor: z
    .string()
    .regex(/^(0|[1-9][0-9]{0,14})(\.[0-9]{1,40})?$/)
    .default('0'),
  charges: z
    .record(Id, z.strictObject({ paidThrough: z.iso.date().or(Month), partMinor: Minor }))
    .default({}),
  debts: z
    .array(
      z.strictObject({
        debtId: Id,
        label: Text,
        balanceMinor: Minor,
        recovery: DebtBody.shape.recovery,
      }),
    )
    .max(100)
    .default([]),
};
const History = z.strictObject(past);

export const TariffTrialBody = z
  .strictObject({
    /** A tariff by its name, in the version that began then, or in the one in force; or terms that nobody has put yet. */
    under: z.union([
      z.strictObject({ tariffId: Id, validFrom: Time.optional() }),
      z.strictObject({ terms: TermsBody }),
    ]),
    paidMinor: z.int().min(1).max(MOST_MINOR).optional(),
    amountDeciKwh: z.int().min(1).max(AMOUNT_MAX).optional(),
    /** Free units of the month that are due come with it unless this is false. */
    freeUnits: z.boolean().optional(),
    history: History.prefault({}),
  })
  .refine(
    ({ paidMinor, amountDeciKwh }) => (paidMinor === undefined) !== (amountDeciKwh === undefined),
    ONE_OF_TWO,
  );
const { meter: _meter, keyChange: _keyChange, ...trialPicture } = picture;
export const TariffTrialAnswer = z.strictObject(trialPicture);

export const MeterAccountAnswer = z.strictObject({
  meter: z.strictObject({ drn: z.string(), meterPan: z.string().length(18), tariffId: Id }),
  currency: Currency,
  /** In the form in which a trial of a tariff takes it. */
  history: History,
  monthUnitsDeciKwh: DeciKwh,
  block: Block.nullable(),
  chargesDue: z.array(z.strictObject({ chargeId: Id, label: Text, dueMinor: Minor })),
  freeUnitsDueDeciKwh: DeciKwh,
  lastPurchaseAt: Time.nullable(),
});

const SaleId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
/** Newest first: before this sale. */
export const MeterSalesQuery = z.strictObject({
  before: SaleId.optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export const MeterSalesAnswer = z.strictObject({
  sales: z.array(
    z.strictObject({
      saleId: SaleId,
      vendorId: z.string(),
      kind: z.enum(SALE_KINDS),
      soldAt: Time,
      currency: Currency,
      paidMinor: Minor,
      operator: z.string().nullable(),
      terminal: z.string().nullable(),
      reason: z.string().nullable(),
      /** What its credit tokens carry. */
      amountDeciKwh: DeciKwh,
      state: z.enum(['sold', 'confirmed', 'reversed']),
      /** Of the module, for its last token. */
      counter: z.int().min(0),
      /** Never their digits. */
      tokens: z.array(
        z.strictObject({
          kind: z.string(),
          what: z.string().nullable(),
          amountDeciKwh: DeciKwh.nullable(),
        }),
      ),
    }),
  ),
  /** `before` of the next page; null on the last one. */
  next: SaleId.nullable(),
});
