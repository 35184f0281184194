import { useState } from 'preact/hooks';
import { call } from '../../api.ts';
import { showMinor } from '../../money.ts';
import { Deed, textOf } from '../deed.tsx';
import { useLook } from '../use-look.ts';
import type { Commission, Vendor } from './answers.ts';
import { isWaiting, Problem } from './parts.tsx';
import { useSay } from './speech.ts';

interface CommissionCardProps {
  readonly vendor: Vendor;
  readonly canPay: boolean;
  readonly wordsOf: (error: unknown) => string;
  readonly onDone: () => void;
}

const LINES = {
  perKwh: 'commissionPerKwh',
  slidingScale: 'commissionScale',
  perToken: 'commissionPerToken',
  arrearsShare: 'commissionArrears',
  ruralIncentive: 'commissionRural',
} as const;

export function CommissionCard({ vendor, canPay, wordsOf, onDone }: CommissionCardProps) {
  const { say, locale } = useSay();
  const [month, setMonth] = useState(() => new Date().toISOString().slice(0, 7));
  const isMonth = /^\d{4}-(0[1-9]|1[0-2])$/.test(month);
  const path = `/v1/vendors/${vendor.vendorId}/commission/${month}`;
  const { found, problem, lookAgain } = useLook<Commission>(isMonth ? path : undefined, { wordsOf });
  const pay = async (fields: FormData) => {
    const answer = await call<object>('POST', `${path}/payment`, { reason: textOf(fields, 'reason') });
    lookAgain();
    onDone();
    return say(isWaiting(answer) ? 'waitsForSecond' : 'commissionPaid');
  };
  // What is known of one month says nothing of the next, while that is asked for.
  const commission = problem === '' ? found : undefined;
  return (
    <section class="card" aria-labelledby="commission">
      <h2 id="commission">{say('commission')}</h2>
      <label class="choice">
        {say('month')}
        <input type="month" value={month} required onInput={(event) => setMonth(event.currentTarget.value)} />
      </label>
      <Problem text={problem} />
      {commission !== undefined && (
        <dl>
          {commission.lines.map(({ kind, amountMinor }) => (
            <div key={kind}>
              <dt>{kind in LINES ? say(LINES[kind as keyof typeof LINES]) : kind}</dt>
              <dd class="digits">{showMinor(amountMinor, commission.currency, locale)}</dd>
            </div>
          ))}
          <div>
            <dt>{say('total')}</dt>
            <dd class="digits">{showMinor(commission.totalMinor, commission.currency, locale)}</dd>
          </div>
          <div>
            <dt>{say('state')}</dt>
            <dd>{say(commission.isPaid ? 'paid' : commission.isOver ? 'notPaid' : 'monthRunning')}</dd>
          </div>
        </dl>
      )}
      {canPay && commission?.isOver === true && !commission.isPaid && (
        <Deed action={say('payCommission')} onDo={pay} wordsOf={wordsOf}>
          <label>
            {say('reason')}
            <input name="reason" autocomplete="off" required maxLength={200} />
          </label>
        </Deed>
      )}
    </section>
  );
}
