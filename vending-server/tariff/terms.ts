/**
 * A tariff as plain data: what a utility publishes for a class of customers, one dated version of it. The rooms that reckon
 * read these terms and what they know of a meter's past, and nothing else.
 *
 * Prices are decimal text in major units ('1.8652'), rates are fractions ('0.15' is 15 %), sums of money are integer minor
 * units, energy is whole 0.1 kWh. Days and months are those of the utility's own time zone.
 */
import type { Rounding } from './money.ts';

export interface TariffTerms {
  /** ISO 4217. */
  readonly currency: string;
  /** IANA name, 'Africa/Johannesburg': the 1st of the month begins at midnight there. */
  readonly timeZone: string;
  /** Value-added tax on energy, fees and charges that are marked as taxed. */
  readonly vatRate: string;
  /** Whether prices, fees and charges stand with the tax in them or without. */
  readonly pricesIncludeVat: boolean;
  readonly energy: EnergyTerms;
  readonly fixedCharges: readonly FixedCharge[];
  /** A fee of the sales channel on each payment, 0 for none. */
  readonly paymentFeeMinor: number;
  /** Free basic units: whole 0.1 kWh once in a calendar month, 0 for none. */
  readonly freeUnitsDeciKwh: number;
  /** Whether free units fill the blocks like bought ones. */
  readonly freeUnitsFillBlocks: boolean;
  /** Whether free units come with a purchase alone; without it they are also given by themselves. */
  readonly freeUnitsOnlyWithSale?: boolean | undefined;
  /** What is taken from a payment before energy, in this order (vending.md section 7). */
  readonly deductionOrder: readonly Deduction[];
  /** At most this fraction of a payment goes to arrears and fixed charges together; '1' for all of it. */
  readonly deductionShare: string;
  /** Whether a payment that deductions eat up is taken all the same, without a token; otherwise it is refused. */
  readonly takesPaymentWithoutEnergy: boolean;
  /** How money becomes whole 0.1 kWh: carried over to the next purchase, or rounded and gone. */
  readonly energyRounding: EnergyRounding;
  readonly taxRounding: Rounding;
  /** Least and most that one payment may be, minor units. */
  readonly minimumMinor: number;
  readonly maximumMinor: number;
}

export type EnergyTerms =
  | { readonly kind: 'flat'; readonly pricePerKwh: string }
  /** Inclining or declining blocks over the units bought in a calendar month; the last one has no end. */
  | { readonly kind: 'blocks'; readonly blocks: readonly Block[] }
  /** For meters that bill by band themselves: the token carries money, the calendar tells which band costs what. */
  | { readonly kind: 'timeOfUse'; readonly calendar: BandCalendar };

export interface Block {
  /** Units of the month at which the block ends, whole 0.1 kWh; null in the last block alone. */
  readonly untilDeciKwh: number | null;
  readonly pricePerKwh: string;
}

export interface FixedCharge {
  /** Stands in the books and on the receipt for as long as the charge lives. */
  readonly chargeId: string;
  readonly label: string;
  readonly per: 'day' | 'month';
  readonly amountMinor: number;
  readonly isTaxed: boolean;
}

export type Deduction = 'paymentFee' | 'arrears' | 'fixedCharges';

/**
 * 'carry' keeps what is left below 0.1 kWh for the meter's next purchase, so that splitting a payment changes nothing; the
 * others end each purchase for itself.
 */
export type EnergyRounding = 'carry' | Rounding;

export interface BandCalendar {
  readonly bands: readonly Band[];
  /** Each day of the year belongs to the season that began last, 'MM-DD'; the first of the list begins the year. */
  readonly seasons: readonly Season[];
  /** Days that count as a given kind whatever their weekday, 'YYYY-MM-DD'. */
  readonly specialDays: Readonly<Record<string, DayKind>>;
}

export interface Band {
  readonly bandId: string;
  readonly label: string;
  readonly pricePerKwh: string;
}

export type DayKind = 'weekday' | 'saturday' | 'sunday';

export interface Season {
  readonly begins: string;
  /** For each kind of day the minutes of the day at which a band begins, rising from 0. */
  readonly days: Readonly<Record<DayKind, readonly BandStart[]>>;
}

export interface BandStart {
  readonly minute: number;
  readonly bandId: string;
}
