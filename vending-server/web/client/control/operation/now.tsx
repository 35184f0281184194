/** What goes on: sales of the last hour, the day so far, floats that run low, what waits and what was noticed. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { showMinor } from '../../money.ts';
import type { SectionProps } from '../sections.ts';
import { useLook } from '../use-look.ts';
import type { AlarmsPage, ApprovalsPage, SalesNow, VendorsPage } from './answers.ts';
import { FloatsCard } from './floats-card.tsx';
import { HourCard } from './hour-card.tsx';
import { Problem } from './parts.tsx';
import { useFaultWords, useSay } from './speech.ts';

const SALES_MILLIS = 3000;
const REST_MILLIS = 6000;
/** More are told as so many and more. */
const COUNTED = 100;

export function Now({ session, wordsOf }: SectionProps) {
  const { say, locale } = useSay();
  const words = useFaultWords(wordsOf);
  const may = (permission: string) => session.permissions.includes(permission);
  const sales = useLook<SalesNow>('/v1/reports/sales-now', { wordsOf: words, everyMillis: SALES_MILLIS });
  const rest = { wordsOf: words, everyMillis: REST_MILLIS };
  const alarms = useLook<AlarmsPage>(
    may('alarm.read') ? `/v1/alarms?open=true&limit=${COUNTED}` : undefined,
    rest,
  );
  const approvals = useLook<ApprovalsPage>(
    may('approval.read') ? `/v1/approvals?state=pending&limit=${COUNTED}` : undefined,
    rest,
  );
  const vendors = useLook<VendorsPage>('/v1/vendors?limit=200', rest);
  const open = alarms.found?.alarms.length;
  const waiting = approvals.found?.approvals.length;
  const low = vendors.found?.vendors.filter(({ lowBecause }) => lowBecause !== null).length;
  const count = (found: number | undefined) =>
    found === undefined ? '…' : found >= COUNTED ? `${COUNTED}+` : String(found);
  const { found, isPaused } = sales;
  return (
    <>
      <p class="unseen" role="status">
        {useNews({ alarms: open, waiting, low })}
      </p>
      <Problem text={sales.problem || alarms.problem || approvals.problem || vendors.problem} />
      {isPaused && <p class="notice">{say('paused')}</p>}
      <ul class="figures">
        {(found?.today.length ? found.today : [undefined]).map((sold) => (
          <li key={sold?.currency ?? ''} class="card figure">
            <span>{say('today')}</span>
            <b class="digits" data-figure={`today-${sold?.currency ?? ''}`}>
              {sold === undefined
                ? found === undefined
                  ? '…'
                  : '–'
                : showMinor(sold.paidMinor, sold.currency, locale)}
            </b>
            <small class="digits">
              {say('salesAndReversals', { sales: sold?.sales ?? 0, reversals: sold?.reversals ?? 0 })}
            </small>
          </li>
        ))}
        <Figure title={say('alarmsOpen')} value={count(open)} isBad={(open ?? 0) > 0} href="#/alarms" />
        <Figure title={say('approvalsWaiting')} value={count(waiting)} isBad={false} href="#/approvals" />
        <Figure title={say('floatsLow')} value={count(low)} isBad={(low ?? 0) > 0} href="#/vendors" />
      </ul>
      <HourCard minutes={found?.minutes ?? []} />
      <FloatsCard vendors={vendors.found?.vendors} />
    </>
  );
}

interface FigureProps {
  readonly title: string;
  readonly value: string;
  readonly isBad: boolean;
  readonly href: string;
}

function Figure({ title, value, isBad, href }: FigureProps) {
  const { say } = useSay();
  return (
    <li>
      <a class={isBad ? 'card figure bad' : 'card figure'} href={href}>
        <span>{title}</span>
        <b class="digits">{value}</b>
        <small>{say('show')}</small>
      </a>
    </li>
  );
}

interface Counts {
  readonly alarms: number | undefined;
  readonly waiting: number | undefined;
  readonly low: number | undefined;
}

/** Said aloud only when there is more of what somebody must see to: sales come every second and are looked at, not heard. */
function useNews(counts: Counts): string {
  const { say } = useSay();
  const before = useRef<Counts>(counts);
  const [news, setNews] = useState('');
  const { alarms, waiting, low } = counts;
  useEffect(() => {
    const { current } = before;
    before.current = counts;
    const rose = (name: keyof Counts) => (counts[name] ?? 0) > (current[name] ?? Number.POSITIVE_INFINITY);
    const told = [
      ...(rose('alarms') ? [say('newAlarm', { count: alarms ?? 0 })] : []),
      ...(rose('waiting') ? [say('newApproval', { count: waiting ?? 0 })] : []),
      ...(rose('low') ? [say('newLow', { count: low ?? 0 })] : []),
    ];
    if (told.length > 0) setNews(told.join(' '));
  }, [alarms, waiting, low]);
  return news;
}
