/** The meter's months as a picture that is a list too, and how long the last purchase lasts. */
import { showKwh, showMinor } from '../money.ts';
import type { Month, Purchases } from './answers.ts';
import { showDay, showDecimal, showMonth, withEmptyMonths } from './figures.ts';
import { useSay } from './speech.ts';

const MOST_MONTHS = 12;

export function UseCard({ list, currency }: { readonly list: Purchases; readonly currency: string }) {
  const { say, locale } = useSay();
  const empty = (month: string): Month => ({ month, paidMinor: 0, boughtDeciKwh: 0, givenDeciKwh: 0 });
  const months = withEmptyMonths(list.months, empty, MOST_MONTHS);
  const most = Math.max(1, ...months.map(({ boughtDeciKwh, givenDeciKwh }) => boughtDeciKwh + givenDeciKwh));
  const hasGiven = months.some(({ givenDeciKwh }) => givenDeciKwh > 0);
  const { use } = list;
  return (
    <section class="card" aria-labelledby="history">
      <h2 id="history">{say('history')}</h2>
      {use === null ? (
        <p class="hint">{say('historyOne')}</p>
      ) : (
        <div class="use">
          <p>
            <strong>{showDecimal(use.perDayKwh, locale)} kWh</strong> {say('perDay')}
            <small>{say('perDayFrom', { days: use.days })}</small>
          </p>
          <p>{say('lasts', { days: use.lastsDays, day: showDay(use.lastsUntil, locale) })}</p>
        </div>
      )}
      <ol class="months">
        {months.map(({ month, paidMinor, boughtDeciKwh, givenDeciKwh }) => (
          <li key={month}>
            <span>{showMonth(month, locale)}</span>
            <span class="track" aria-hidden="true">
              <span class="energy1" style={{ width: `${(boughtDeciKwh / most) * 100}%` }} />
              <span class="gift" style={{ width: `${(givenDeciKwh / most) * 100}%` }} />
            </span>
            <span class="figures">
              <strong>{showKwh(boughtDeciKwh + givenDeciKwh, locale)}</strong>{' '}
              <small>{showMinor(paidMinor, currency, locale)}</small>
            </span>
          </li>
        ))}
      </ol>
      {hasGiven && (
        <ul class="legend">
          <li>
            <span class="key energy1" aria-hidden="true" /> {say('bought')}
          </li>
          <li>
            <span class="key gift" aria-hidden="true" /> {say('given')}
          </li>
        </ul>
      )}
    </section>
  );
}
