import { useState } from 'preact/hooks';
import { useFocus } from '../../../../lib/pages/client/use-focus.ts';
import { call, isUnknown, Refusal } from '../api.ts';
import { showMinor } from '../money.ts';
import type { Sale, SaleOrder } from './answers.ts';
import { useSay } from './speech.ts';

interface LostStepProps {
  readonly order: SaleOrder;
  readonly onSale: (sale: Sale) => Promise<void>;
  /** It is known that nothing was sold, for the reason given. */
  readonly onNothing: (problem: string) => void;
  readonly wordsOf: (error: unknown) => string;
}

/** Nobody knows whether the sale happened: the same request again tells, and never sells twice. */
export function LostStep({ order, onSale, onNothing, wordsOf }: LostStepProps) {
  const place = useFocus<HTMLButtonElement>();
  const { say, locale } = useSay();
  const [message, setMessage] = useState('');
  const [busy, setBusy] = useState(false);
  const amount = showMinor(order.paidMinor, order.currency, locale);

  const attempt = async (work: () => Promise<void>) => {
    setBusy(true);
    setMessage('');
    try {
      await work();
      return;
    } catch (error) {
      if (isUnknown(error)) {
        setMessage(say('lostStill'));
      } else if (error instanceof Refusal && KEPT.includes(error.code)) setMessage(say('lostKept'));
      else if (error instanceof Refusal && error.status === 401) wordsOf(error);
      else onNothing(say('refused', { reason: wordsOf(error) }));
    }
    setBusy(false);
  };
  const ask = () => attempt(async () => onSale(await call<Sale>('POST', '/v1/sales', order)));
  const takeBack = () =>
    attempt(async () => {
      const path = `/v1/sales/by-request/${encodeURIComponent(order.requestId)}/reversal`;
      await call('POST', path, { reason: 'no answer came to the till' });
      onNothing(say('lostReturned'));
    });

  return (
    <section class="card lost" aria-labelledby="lost">
      <h2 id="lost">{say('lostTitle')}</h2>
      <p>{say('lostText', { amount, meter: order.meter })}</p>
      <p>{say('lostHow')}</p>
      <p class="problem" role="alert">
        {message}
      </p>
      <p role="status">{busy ? say('lostAsking') : ''}</p>
      <div class="row wrap">
        <button type="button" class="main" ref={place} disabled={busy} onClick={() => void ask()}>
          {say('lostAsk')}
        </button>
        <button type="button" disabled={busy} onClick={() => void takeBack()}>
          {say('lostReturn')}
        </button>
      </div>
    </section>
  );
}

/** The sale happened and stays. */
const KEPT = ['token_may_be_seen', 'meter_sold_since', 'sale_confirmed'];
