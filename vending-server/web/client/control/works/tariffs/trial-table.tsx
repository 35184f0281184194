import { minorDigits } from '../../../../../tariff/minor-digits.ts';
import { showKwh, showMinor } from '../../../money.ts';
import type { Block } from '../meter-answers.ts';
import { perCentOf } from '../share.ts';
import { useSay } from './speech.ts';

interface TrialLine {
  readonly kind: 'energy' | 'currency' | 'paymentFee' | 'arrears' | 'fixedCharge';
  readonly amountMinor: number;
  readonly taxMinor: number;
  readonly label?: string;
  readonly balanceMinor?: number;
  readonly paidThrough?: string;
  readonly steps?: readonly { readonly amountDeciKwh: number; readonly pricePerKwh: string }[];
}

export interface Trial {
  /** Under which it was reckoned, in words. */
  readonly version: string;
  readonly vatRate: string;
  readonly currency: string;
  readonly paidMinor: number;
  readonly lines: readonly TrialLine[];
  readonly amountDeciKwh: number;
  readonly freeDeciKwh: number;
  readonly month: { readonly unitsDeciKwh: number; readonly blockAfter: Block } | null;
  readonly carriedMinor: string;
}

/** The lines of a purchase, each with its why. */
export function TrialTable({ trial }: { readonly trial: Trial }) {
  const { say, locale } = useSay();
  const money = (minor: number) => showMinor(minor, trial.currency, locale);
  const tax = trial.lines.reduce((sum, { taxMinor }) => sum + taxMinor, 0);
  const whyOf = ({ kind, steps = [], balanceMinor = 0, paidThrough = '' }: TrialLine): string => {
    switch (kind) {
      case 'energy':
        return steps
          .map(({ amountDeciKwh, pricePerKwh }) =>
            say('whyEnergy', { units: showKwh(amountDeciKwh, locale), price: pricePerKwh }),
          )
          .join(' + ');
      case 'currency':
        return '';
      case 'paymentFee':
        return say('whyFee');
      case 'arrears':
        return say('whyArrears', { balance: money(balanceMinor) });
      case 'fixedCharge':
        return say('whyCharge', { through: paidThrough });
    }
  };
  const { month } = trial;
  return (
    <table class="table lines">
      <caption>{say('result', { version: trial.version })}</caption>
      <thead>
        <tr>
          <th scope="col">{say('line')}</th>
          <th scope="col" class="amount">
            {say('amount')}
          </th>
        </tr>
      </thead>
      <tbody>
        {trial.lines.map((line, index) => (
          <tr key={`${line.kind}${index}`}>
            <th scope="row">
              {say(`line_${line.kind}`, { label: line.label ?? '' })}{' '}
              <small class="block">{whyOf(line)}</small>
            </th>
            <td class="amount">{money(line.amountMinor)}</td>
          </tr>
        ))}
        {tax > 0 && (
          <tr>
            <th scope="row">
              {say('tax')} <small class="block">{say('whyTax', { rate: perCentOf(trial.vatRate) })}</small>
            </th>
            <td class="amount">{money(tax)}</td>
          </tr>
        )}
        <tr class="sum">
          <th scope="row">{say('total')}</th>
          <td class="amount">{money(trial.paidMinor)}</td>
        </tr>
        {trial.freeDeciKwh > 0 && (
          <tr>
            <th scope="row">
              {say('freeLine')} <small class="block">{say('whyFree')}</small>
            </th>
            <td class="amount">{showKwh(trial.freeDeciKwh, locale)}</td>
          </tr>
        )}
        <tr class="sum">
          <th scope="row">
            {say('unitsFor')}{' '}
            {month !== null && (
              <small class="block">
                {say('whyMonth', {
                  units: showKwh(month.unitsDeciKwh, locale),
                  block: month.blockAfter.block,
                })}
              </small>
            )}
          </th>
          <td class="amount">{showKwh(trial.amountDeciKwh, locale)}</td>
        </tr>
        <tr>
          <th scope="row">{say('carried')}</th>
          <td class="amount">{showCarried(trial.carriedMinor, trial.currency, locale)}</td>
        </tr>
      </tbody>
    </table>
  );
}

/** What the second does otherwise than the first. */
export function TrialsBeside({ trials }: { readonly trials: readonly Trial[] }) {
  const { say, locale } = useSay();
  const [first, second] = trials;
  if (first === undefined || second === undefined) return null;
  const signed = (text: string, value: number) => (value > 0 ? `+${text}` : text);
  const units = second.amountDeciKwh + second.freeDeciKwh - first.amountDeciKwh - first.freeDeciKwh;
  const minor = second.paidMinor - first.paidMinor;
  const shownUnits = `${units < 0 ? '−' : ''}${showKwh(Math.abs(units), locale)}`;
  return (
    <p class="notice" role="status">
      {say('difference', {
        units: signed(shownUnits, units),
        money: signed(showMinor(minor, second.currency, locale), minor),
      })}
    </p>
  );
}

/** Money with fractions of its smallest coin, of which not one is lost. */
export function showCarried(carriedMinor: string, currency: string, locale: string): string {
  const places = minorDigits(currency);
  const [whole = '0', fraction = ''] = carriedMinor.split('.');
  const digits = whole.padStart(places + 1, '0');
  const major = places === 0 ? digits : digits.slice(0, -places);
  const rest = (places === 0 ? '' : digits.slice(-places)) + fraction;
  const format = new Intl.NumberFormat(locale, {
    style: 'currency',
    currency,
    currencyDisplay: 'narrowSymbol',
    maximumFractionDigits: Math.max(places, rest.length),
  });
  return format.format(`${major}.${rest || '0'}` as unknown as number);
}
