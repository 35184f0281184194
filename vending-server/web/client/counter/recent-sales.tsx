import { useEffect, useState } from 'preact/hooks';
import { call } from '../api.ts';
import { showKwh, showMinor } from '../money.ts';
import type { ListedSale, Sale } from './answers.ts';
import { useSay } from './speech.ts';

interface RecentSalesProps {
  readonly vendorId: string;
  readonly tillId: string;
  /** Counts sales of this page: looks again when it rises. */
  readonly sold: number;
  readonly onShow: (sale: Sale) => void;
  /** While a sale is under way nothing else may be shown in its place. */
  readonly isBusy: boolean;
  readonly wordsOf: (error: unknown) => string;
}

const SHOWN = 8;

export function RecentSales({ vendorId, tillId, sold, onShow, isBusy, wordsOf }: RecentSalesProps) {
  const { say, locale } = useSay();
  const [sales, setSales] = useState<readonly ListedSale[]>([]);
  const [problem, setProblem] = useState('');
  useEffect(() => {
    const path = `/v1/vendors/${vendorId}/sales?till=${tillId}&limit=${SHOWN}`;
    call<{ sales: ListedSale[] }>('GET', path).then(
      (page) => setSales(page.sales),
      (error) => setProblem(wordsOf(error)),
    );
  }, [vendorId, tillId, sold]);
  const show = async (saleId: string) => {
    setProblem('');
    try {
      onShow(await call<Sale>('GET', `/v1/sales/${saleId}`));
    } catch (error) {
      setProblem(wordsOf(error));
    }
  };
  const time = new Intl.DateTimeFormat(locale, {
    hour: '2-digit',
    minute: '2-digit',
    day: '2-digit',
    month: '2-digit',
  });
  return (
    <section class="card" aria-labelledby="recent">
      <h2 id="recent">{say('recent')}</h2>
      <p class="problem" role="alert">
        {problem}
      </p>
      {sales.length === 0 ? (
        <p class="hint">{say('recentNone')}</p>
      ) : (
        <ul class="recent">
          {sales.map((sale) => (
            <li key={sale.saleId}>
              <span class="grow">
                <b>{showMinor(sale.paidMinor, sale.currency, locale)}</b>{' '}
                {showKwh(sale.amountDeciKwh, locale)}
                <small>
                  {time.format(new Date(sale.soldAt))} · <span class="digits">{sale.drn}</span>
                  {sale.state === 'reversed' && ` · ${say('takenBack')}`}
                </small>
              </span>
              <button type="button" disabled={isBusy} onClick={() => void show(sale.saleId)}>
                {say('reprint')}
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
