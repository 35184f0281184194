/** Terms of a tariff as the server answers them, and what of two of them is different. */
import type { Say } from '../../../../../../lib/pages/client/language.tsx';
import { showKwh, showMinor } from '../../../money.ts';
import { perCentOf } from '../share.ts';
import type { TextKey } from './text-english.ts';

export interface Block {
  readonly untilDeciKwh: number | null;
  readonly pricePerKwh: string;
}

export interface Band {
  readonly bandId: string;
  readonly label: string;
  readonly pricePerKwh: string;
}

export type DayKind = 'weekday' | 'saturday' | 'sunday';

export interface Calendar {
  readonly bands: readonly Band[];
  readonly seasons: readonly {
    readonly begins: string;
    readonly days: Readonly<Record<DayKind, readonly { readonly minute: number; readonly bandId: string }[]>>;
  }[];
  readonly specialDays: Readonly<Record<string, DayKind>>;
}

export type EnergyTerms =
  | { readonly kind: 'flat'; readonly pricePerKwh: string }
  | { readonly kind: 'blocks'; readonly blocks: readonly Block[] }
  | { readonly kind: 'timeOfUse'; readonly calendar: Calendar };

export interface Terms {
  readonly currency: string;
  readonly timeZone: string;
  readonly vatRate: string;
  readonly pricesIncludeVat: boolean;
  readonly energy: EnergyTerms;
  readonly fixedCharges: readonly {
    readonly chargeId: string;
    readonly label: string;
    readonly per: 'day' | 'month';
    readonly amountMinor: number;
  }[];
  readonly paymentFeeMinor: number;
  readonly freeUnitsDeciKwh: number;
  readonly freeUnitsFillBlocks: boolean;
  readonly freeUnitsOnlyWithSale?: boolean;
  readonly deductionOrder: readonly ('paymentFee' | 'arrears' | 'fixedCharges')[];
  readonly deductionShare: string;
  readonly takesPaymentWithoutEnergy: boolean;
  readonly energyRounding: 'carry' | 'down' | 'nearest' | 'up';
  readonly minimumMinor: number;
  readonly maximumMinor: number;
}

export interface Version {
  /** ISO 8601 UTC. */
  readonly validFrom: string;
  readonly terms: Terms;
}

/** One term in words. */
export type TermLine = readonly [name: string, value: string];

interface Speaker {
  readonly say: Say<TextKey | 'yes' | 'no' | 'none'>;
  readonly locale: string;
}

/** All terms in words, in one order, so that two versions can be laid beside each other. */
export function termLines(terms: Terms, { say, locale }: Speaker): readonly TermLine[] {
  const money = (minor: number) => showMinor(minor, terms.currency, locale);
  const yesOrNo = (is: boolean) => say(is ? 'yes' : 'no');
  const charges = terms.fixedCharges.map(({ label, per, amountMinor }) =>
    say(`charge_${per}`, { label, amount: money(amountMinor) }),
  );
  return [
    [say('energy'), energyWords(terms.energy, { say, locale })],
    [say('vatRate'), perCentOf(terms.vatRate)],
    [say('pricesIncludeVat'), yesOrNo(terms.pricesIncludeVat)],
    [say('paymentFee'), money(terms.paymentFeeMinor)],
    [say('freeUnits'), showKwh(terms.freeUnitsDeciKwh, locale)],
    [say('freeUnitsFillBlocks'), yesOrNo(terms.freeUnitsFillBlocks)],
    [say('freeUnitsOnlyWithSale'), yesOrNo(terms.freeUnitsOnlyWithSale === true)],
    [say('fixedCharges'), charges.join('; ') || say('none')],
    [say('deductions'), terms.deductionOrder.map((each) => say(`deduction_${each}`)).join(', ')],
    [say('deductionShare'), perCentOf(terms.deductionShare)],
    [say('takesPaymentWithoutEnergy'), yesOrNo(terms.takesPaymentWithoutEnergy)],
    [say('energyRounding'), say(`rounding_${terms.energyRounding}`)],
    [
      say('bounds'),
      say('boundsWords', { least: money(terms.minimumMinor), most: money(terms.maximumMinor) }),
    ],
    [say('timeZone'), terms.timeZone],
  ];
}

function energyWords(energy: EnergyTerms, { say, locale }: Speaker): string {
  switch (energy.kind) {
    case 'flat':
      return `${say('kind_flat')}: ${energy.pricePerKwh}`;
    case 'blocks':
      return energy.blocks
        .map(({ untilDeciKwh, pricePerKwh: price }) =>
          untilDeciKwh === null
            ? say('blockFrom', { price })
            : say('blockTo', { units: showKwh(untilDeciKwh, locale), price }),
        )
        .join('; ');
    case 'timeOfUse':
      return energy.calendar.bands
        .map(({ label, pricePerKwh: price }) => say('bandPrice', { label, price }))
        .join('; ');
  }
}
