/** Why a purchase bought so many units: its money as a bar with the sum below, and where the month stands. */
import { minorDigits } from '../../../tariff/minor-digits.ts';
import { showKwh, showMinor } from '../money.ts';
import type { Receipt } from './answers.ts';
import { showDay, showPrice } from './figures.ts';
import { Ladder } from './ladder.tsx';
import { useSay } from './speech.ts';
import { isBought, type Part, partsOf } from './split.ts';

interface WhyCardProps {
  readonly receipt: Receipt;
  readonly heading: string;
  /** What came with it for no money. */
  readonly givenDeciKwh: number;
}

export function WhyCard({ receipt, heading, givenDeciKwh }: WhyCardProps) {
  const { say, locale } = useSay();
  const { currency, paidMinor, lines, debtsLeft, month } = receipt;
  const money = (minor: number) => showMinor(minor, currency, locale);
  const parts = partsOf({ ...receipt, places: minorDigits(currency) });
  const bought = parts.filter(isBought).reduce((sum, { amountMinor }) => sum + amountMinor, 0);
  const nameOf = ({ kind, step, label = '' }: Part): string => {
    if (kind !== 'energy' || step === undefined)
      return kind === 'energy' ? say('units') : say(kind, { label });
    const price = showPrice(step.pricePerKwh, currency, locale);
    return say('energyAt', { units: showKwh(step.amountDeciKwh, locale), price });
  };
  const units = lines.reduce((sum, { amountDeciKwh = 0 }) => sum + amountDeciKwh, 0);
  return (
    <section class="card why" aria-labelledby="why">
      <h2 id="why" tabIndex={-1}>
        {heading}
      </h2>
      <div class="money" aria-hidden="true">
        {parts.map((part) => (
          <span
            key={keyOf(part)}
            class={`piece ${toneOf(part)}`}
            style={{ flexGrow: Math.max(part.amountMinor, 0) }}
          />
        ))}
      </div>
      <table class="parts">
        <caption class="unseen">{say('whyShort')}</caption>
        <thead class="unseen">
          <tr>
            <th scope="col">{say('part')}</th>
            <th scope="col">{say('amount')}</th>
          </tr>
        </thead>
        <tbody>
          {parts.map((part) => (
            <tr key={keyOf(part)}>
              <th scope="row">
                <span class={`key ${toneOf(part)}`} aria-hidden="true" /> {nameOf(part)}
              </th>
              <td data-minor={part.amountMinor}>{money(part.amountMinor)}</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">{say('total')}</th>
            <td data-total={paidMinor}>{money(paidMinor)}</td>
          </tr>
          <tr>
            <th scope="row">{say('units')}</th>
            <td>{showKwh(units, locale)}</td>
          </tr>
          {givenDeciKwh > 0 && (
            <tr>
              <th scope="row">
                <span class="key gift" aria-hidden="true" /> {say('given')}
              </th>
              <td>{showKwh(givenDeciKwh, locale)}</td>
            </tr>
          )}
        </tfoot>
      </table>
      <p>
        {bought === 0
          ? say('noUnits')
          : bought === paidMinor
            ? say('nothingDeducted')
            : say('deducted', { amount: money(paidMinor - bought), rest: money(bought) })}
      </p>
      {receipt.pricesIncludeVat && <p class="hint">{say('priceWithTax')}</p>}
      {debtsLeft.map(({ label, balanceMinor }) => (
        <p key={label} class="hint">
          {say('owed', { label, amount: money(balanceMinor) })}
        </p>
      ))}
      {month !== null && <Ladder month={month} lines={lines} currency={currency} />}
      {month !== null && <p class="hint">{say('resets', { day: showDay(month.resetsOn, locale) })}</p>}
    </section>
  );
}

const TONES = 4;

function toneOf({ kind, tone }: Part): string {
  return kind === 'energy' ? `energy${Math.min(tone, TONES - 1)}` : kind;
}

function keyOf({ kind, label = '', tone }: Part): string {
  return `${kind} ${label} ${tone}`;
}
