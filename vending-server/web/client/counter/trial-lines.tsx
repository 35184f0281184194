import { showKwh, showMinor } from '../money.ts';
import type { Line, Trial } from './answers.ts';
import { useSay } from './speech.ts';

/** What the money buys, to the cent: the same lines as the sale will have. */
export function TrialLines({ trial }: { readonly trial: Trial }) {
  const { say, locale } = useSay();
  const money = (minor: number) => showMinor(minor, trial.currency, locale);
  const tax = trial.lines.reduce((sum, { taxMinor }) => sum + taxMinor, 0);
  const nameOf = ({ kind, label }: Line): string => {
    if (kind === 'energy' || kind === 'currency') return say('lineEnergy');
    return label ?? say('lineFee');
  };
  const stepsOf = ({ steps = [] }: Line): string =>
    steps
      .map(({ amountDeciKwh, pricePerKwh }) =>
        say('atPrice', { units: showKwh(amountDeciKwh, locale), price: pricePerKwh }),
      )
      .join(' + ');
  return (
    <table class="lines">
      <caption>{say('lines')}</caption>
      <tbody>
        {trial.lines.map((line, index) => (
          <tr key={`${line.kind}${index}`}>
            <th scope="row">
              {nameOf(line)} <small>{stepsOf(line)}</small>
            </th>
            <td>{money(line.amountMinor)}</td>
          </tr>
        ))}
        {tax > 0 && (
          <tr>
            <th scope="row">{say('lineTax')}</th>
            <td>{money(tax)}</td>
          </tr>
        )}
        <tr>
          <th scope="row">{say('total')}</th>
          <td>{money(trial.paidMinor)}</td>
        </tr>
        <tr class="units">
          <th scope="row">{say('units')}</th>
          <td>{showKwh(trial.amountDeciKwh, locale)}</td>
        </tr>
        {trial.freeDeciKwh > 0 && (
          <tr>
            <th scope="row">{say('lineFree')}</th>
            <td>{showKwh(trial.freeDeciKwh, locale)}</td>
          </tr>
        )}
      </tbody>
    </table>
  );
}
