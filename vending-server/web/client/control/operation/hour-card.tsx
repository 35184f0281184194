import { showMinor } from '../../money.ts';
import type { Minute } from './answers.ts';
import { MinuteBars } from './minute-bars.tsx';
import { Table } from './parts.tsx';
import { useSay } from './speech.ts';

/** @param minutes - the last hour, the earliest first; empty before it is known. */
export function HourCard({ minutes }: { readonly minutes: readonly Minute[] }) {
  const { say, locale } = useSay();
  const currencies = [...new Set(minutes.flatMap(({ sold }) => sold.map(({ currency }) => currency)))].sort();
  const clock = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' });
  const counts = minutes.map(({ sold }) => sold.reduce((sum, { sales }) => sum + sales, 0));
  const wrong = minutes.map(({ refused, failed }) => refused + failed);
  const paid = (minute: Minute, of: string) =>
    minute.sold.find(({ currency }) => currency === of)?.paidMinor ?? 0;
  const barsOf = (title: string, values: readonly number[], show: (value: number) => string) => {
    const highest = Math.max(0, ...values);
    const words = say('barWords', { title, latest: show(values.at(-1) ?? 0), highest: show(highest) });
    return { title, values, words, top: say('highest', { value: show(highest) }) };
  };
  // As many bars before the first answer as after it: nothing moves when it comes.
  const all = (values: readonly number[]) => (values.length === 0 ? Array<number>(60).fill(0) : values);
  return (
    <section class="card" aria-labelledby="hour">
      <div class="row wrap">
        <h2 id="hour" class="grow">
          {say('lastHour')}
        </h2>
        <span class="digits" data-figure="hour">
          {say('hourSums', { sales: sumOf(counts), wrong: sumOf(wrong) })}
        </span>
      </div>
      {(currencies.length === 0 ? [''] : currencies).map((currency) => (
        <MinuteBars
          key={currency}
          {...barsOf(
            say('moneyPerMinute', { currency }),
            all(minutes.map((minute) => paid(minute, currency))),
            (minor) => (currency === '' ? '0' : showMinor(minor, currency, locale)),
          )}
        />
      ))}
      <MinuteBars {...barsOf(say('salesPerMinute'), all(counts), String)} />
      <MinuteBars {...barsOf(say('failuresPerMinute'), all(wrong), String)} isBad />
      <div class="row hint digits">
        <span class="grow">{minutes[0] === undefined ? '–' : clock.format(new Date(minutes[0].at))}</span>
        <span>{say('now')}</span>
      </div>
      <details>
        <summary>{say('asTable')}</summary>
        <Table
          caption={say('lastHour')}
          heads={[
            say('minute'),
            ...currencies.map((currency) => `#${currency}`),
            `#${say('sales')}`,
            `#${say('refused')}`,
            `#${say('failed')}`,
          ]}
        >
          {minutes
            .filter(({ sold, refused, failed }) => sold.length > 0 || refused + failed > 0)
            .map((minute) => (
              <tr key={minute.at}>
                <th scope="row">{clock.format(new Date(minute.at))}</th>
                {currencies.map((currency) => (
                  <td key={currency} class="amount">
                    {showMinor(paid(minute, currency), currency, locale)}
                  </td>
                ))}
                <td class="amount">{minute.sold.reduce((sum, { sales }) => sum + sales, 0)}</td>
                <td class="amount">{minute.refused}</td>
                <td class="amount">{minute.failed}</td>
              </tr>
            ))}
        </Table>
        <p class="hint">{say('failuresHere')}</p>
      </details>
    </section>
  );
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
