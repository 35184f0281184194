/** The ends of days: what each account had and moved, and whether the ledger ties to the sales. */
import { useState } from 'preact/hooks';
import { minorDigits } from '../../../../tariff/minor-digits.ts';
import { call } from '../../api.ts';
import { Deed, textOf } from '../deed.tsx';
import type { SectionProps } from '../sections.ts';
import { useLook } from '../use-look.ts';
import type { DayEnd } from './answers.ts';
import { Moment, Problem, Table, Who } from './parts.tsx';
import { useFaultWords, useSay } from './speech.ts';

export function Days({ session, wordsOf }: SectionProps) {
  const { say } = useSay();
  const words = useFaultWords(wordsOf);
  const last = useLook<{ last: DayEnd | null }>('/v1/day-ends', { wordsOf: words });
  const [day, setDay] = useState<DayEnd | undefined>(undefined);
  const shown = day ?? last.found?.last ?? undefined;
  const next = last.found?.last === null || last.found === undefined ? '' : dayAfter(last.found.last.day);
  const find = async (fields: FormData) => {
    setDay(await call<DayEnd>('GET', `/v1/day-ends/${textOf(fields, 'day')}`));
    return '';
  };
  const close = async (fields: FormData) => {
    setDay(await call<DayEnd>('POST', '/v1/day-ends', { day: textOf(fields, 'day') }));
    last.lookAgain();
    return say('dayClosed');
  };
  return (
    <>
      <Problem text={last.problem} />
      <div class="cards">
        <section class="card" aria-labelledby="find-day">
          <h2 id="find-day">{say('findDay')}</h2>
          <Deed action={say('show')} onDo={find} wordsOf={words}>
            <label>
              {say('day')}
              <input type="date" name="day" required />
            </label>
          </Deed>
        </section>
        {session.permissions.includes('dayEnd.close') && (
          <section class="card" aria-labelledby="close-day">
            <h2 id="close-day">{say('closeDay')}</h2>
            <Deed key={next} action={say('closeDay')} onDo={close} wordsOf={words}>
              <label>
                {say('day')}
                <input type="date" name="day" required defaultValue={next} />
              </label>
            </Deed>
          </section>
        )}
      </div>
      {last.found?.last === null && <p class="hint">{say('noDays')}</p>}
      {shown !== undefined && <DayCard dayEnd={shown} />}
    </>
  );
}

function DayCard({ dayEnd: { day, closedAt, closedBy, figures } }: { readonly dayEnd: DayEnd }) {
  const { say, locale } = useSay();
  const { balanced, salesTie } = figures.ties;
  const date = new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeZone: 'UTC' });
  return (
    <section class="card" aria-labelledby="day">
      <div class="row wrap">
        <h2 id="day" class="grow">
          {date.format(new Date(`${day}T00:00:00Z`))}
        </h2>
        <span class={balanced ? 'mark good' : 'mark bad'}>{say(balanced ? 'balanced' : 'notBalanced')}</span>
        <span class={salesTie ? 'mark good' : 'mark bad'}>{say(salesTie ? 'tied' : 'notTied')}</span>
      </div>
      <p class="hint">
        {say('closedBy')} <Who principal={closedBy} /> · <Moment at={closedAt} /> ·{' '}
        {say('salesAndReversals', { sales: figures.sales.all.sales, reversals: figures.sales.all.reversals })}
      </p>
      <Table
        caption={say('accounts')}
        heads={[
          say('account'),
          `#${say('opening')}`,
          `#${say('late')}`,
          `#${say('debit')}`,
          `#${say('credit')}`,
          `#${say('closing')}`,
        ]}
      >
        {figures.accounts.map((row) => {
          const money = (minor: string) => showSum(minor, row.account, locale);
          return (
            <tr key={row.account}>
              <th scope="row">{row.account}</th>
              <td class="amount">{money(row.openingMinor)}</td>
              <td class="amount">{money(row.lateMinor)}</td>
              <td class="amount">{money(row.debitMinor)}</td>
              <td class="amount">{money(row.creditMinor)}</td>
              <td class="amount">{money(row.closingMinor)}</td>
            </tr>
          );
        })}
      </Table>
    </section>
  );
}

/** The sums of a country pass what a number holds exactly: their digits are put in their places as text. */
function showSum(minor: string, account: string, locale: string): string {
  const currency = account.slice(account.lastIndexOf(':') + 1);
  const places = minorDigits(currency);
  const digits = minor.replace('-', '').padStart(places + 1, '0');
  const decimal = places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`;
  const format = new Intl.NumberFormat(locale, {
    minimumFractionDigits: places,
    maximumFractionDigits: places,
  });
  return format.format(`${minor.startsWith('-') ? '-' : ''}${decimal}` as `${number}`);
}

function dayAfter(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
}
