/** What is typed about a new version, to terms and back. */
import { minorDigits } from '../../../../../tariff/minor-digits.ts';
import { parseDeciKwh, parseMinor } from '../../../money.ts';
import { WrongInput } from '../../deed.tsx';
import type { Field, Values } from '../act-form.tsx';
import { perCentOf, rateOf } from '../share.ts';
import type { useSay } from './speech.ts';
import type { Block, EnergyTerms, Terms } from './terms.ts';

type Say = ReturnType<typeof useSay>['say'];

const PRICE = /^(0|[1-9]\d{0,11})(\.\d{1,8})?$/;

/** Fields for what the terms have; of blocks as many as are wanted. */
export function fieldsOf(terms: Terms, blocks: readonly Block[], say: Say): readonly Field[] {
  const money = (minor: number) => decimalOf(minor, minorDigits(terms.currency));
  return [
    ...energyFields(terms.energy, blocks, say),
    { name: 'vatRate', label: say('vatRate'), kind: 'money', value: perCentOf(terms.vatRate) },
    { name: 'paymentFee', label: say('paymentFee'), kind: 'money', value: money(terms.paymentFeeMinor) },
    {
      name: 'freeUnits',
      label: say('freeUnits'),
      kind: 'money',
      value: decimalOf(terms.freeUnitsDeciKwh, 1),
    },
    {
      name: 'deductionShare',
      label: say('deductionShare'),
      kind: 'money',
      value: perCentOf(terms.deductionShare),
    },
    { name: 'minimum', label: say('minimum'), kind: 'money', value: money(terms.minimumMinor) },
    { name: 'maximum', label: say('maximum'), kind: 'money', value: money(terms.maximumMinor) },
    {
      name: 'pricesIncludeVat',
      label: say('pricesIncludeVat'),
      kind: 'check',
      value: terms.pricesIncludeVat ? 'on' : '',
    },
    {
      name: 'freeUnitsFillBlocks',
      label: say('freeUnitsFillBlocks'),
      kind: 'check',
      value: terms.freeUnitsFillBlocks ? 'on' : '',
    },
  ];
}

function energyFields(energy: EnergyTerms, blocks: readonly Block[], say: Say): readonly Field[] {
  const price = (name: string, label: string, value: string): Field => {
    return { name, label, kind: 'money', value, length: 21 };
  };
  switch (energy.kind) {
    case 'flat':
      return [price('price0', say('price'), energy.pricePerKwh)];
    case 'timeOfUse':
      return energy.calendar.bands.map(({ label, pricePerKwh }, index) =>
        price(`price${index}`, say('priceOfBand', { label }), pricePerKwh),
      );
    case 'blocks':
      return blocks.flatMap(({ untilDeciKwh, pricePerKwh }, index): readonly Field[] =>
        index === blocks.length - 1
          ? [price(`price${index}`, say('lastBlockPrice'), pricePerKwh)]
          : [
              {
                name: `until${index}`,
                label: say('blockUntil', { block: index + 1 }),
                kind: 'money',
                value: untilDeciKwh === null ? '' : decimalOf(untilDeciKwh, 1),
              },
              price(`price${index}`, say('blockPrice', { block: index + 1 }), pricePerKwh),
            ],
      );
  }
}

/** @throws WrongInput in the page's language. */
export function draftOf(base: Terms, values: Values, blockCount: number, say: Say): Terms {
  const money = (name: string, isZeroAllowed: boolean): number => {
    const text = values[name] ?? '';
    if (isZeroAllowed && /^0*([.,]0*)?$/.test(text)) return 0;
    return parseMinor(text, base.currency) ?? wrong(say('amountWrong'));
  };
  const share = (name: string): string => rateOf(values[name] ?? '') ?? wrong(say('shareWrong'));
  const free = values['freeUnits'] ?? '';
  return {
    ...base,
    energy: energyOf(base.energy, values, blockCount, say),
    vatRate: share('vatRate'),
    deductionShare: share('deductionShare'),
    paymentFeeMinor: money('paymentFee', true),
    freeUnitsDeciKwh: /^0*([.,]0*)?$/.test(free) ? 0 : (parseDeciKwh(free) ?? wrong(say('amountWrong'))),
    minimumMinor: money('minimum', false),
    maximumMinor: money('maximum', false),
    pricesIncludeVat: values['pricesIncludeVat'] === 'on',
    freeUnitsFillBlocks: values['freeUnitsFillBlocks'] === 'on',
  };
}

function energyOf(base: EnergyTerms, values: Values, blockCount: number, say: Say): EnergyTerms {
  const price = (index: number): string => {
    const text = (values[`price${index}`] ?? '').replace(',', '.');
    return PRICE.test(text) && /[1-9]/.test(text) ? text : wrong(say('priceWrong'));
  };
  switch (base.kind) {
    case 'flat':
      return { kind: 'flat', pricePerKwh: price(0) };
    case 'timeOfUse': {
      const bands = base.calendar.bands.map((band, index) => ({ ...band, pricePerKwh: price(index) }));
      return { kind: 'timeOfUse', calendar: { ...base.calendar, bands } };
    }
    case 'blocks': {
      const blocks = Array.from({ length: blockCount }, (_, index): Block => {
        const isLast = index === blockCount - 1;
        const untilDeciKwh = isLast
          ? null
          : (parseDeciKwh(values[`until${index}`] ?? '') ?? wrong(say('priceWrong')));
        return { untilDeciKwh, pricePerKwh: price(index) };
      });
      const ends = blocks.map(({ untilDeciKwh }) => untilDeciKwh ?? Number.POSITIVE_INFINITY);
      if (ends.some((end, index) => end <= (ends[index - 1] ?? 0))) wrong(say('priceWrong'));
      return { kind: 'blocks', blocks };
    }
  }
}

function wrong(message: string): never {
  throw new WrongInput(message);
}

function decimalOf(whole: number, places: number): string {
  const digits = String(whole).padStart(places + 1, '0');
  return places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`;
}
