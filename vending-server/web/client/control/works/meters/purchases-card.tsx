import { useState } from 'preact/hooks';
import { call } from '../../../api.ts';
import { showKwh, showMinor } from '../../../money.ts';
import { Fact } from '../fact.tsx';
import type { MeterSale, MeterSales } from '../meter-answers.ts';
import { showMoment } from '../show.ts';
import { useAnswer } from '../use-answer.ts';
import { useWidth } from '../use-width.ts';
import type { AccountCardProps } from './card-props.ts';
import { useSay } from './speech.ts';
import type { TextKey } from './text-english.ts';

const PAGE = 10;

export function PurchasesCard({ meter, account, words }: Omit<AccountCardProps, 'may'>) {
  const { say, locale } = useSay();
  const path = `/v1/meters/${meter.drn}/sales?limit=${PAGE}`;
  const newest = useAnswer<MeterSales>(path, words);
  const [older, setOlder] = useState<MeterSales | undefined>(undefined);
  const [problem, setProblem] = useState('');
  const sales = [...(newest.answer?.sales ?? []), ...(older?.sales ?? [])];
  const next = older === undefined ? newest.answer?.next : older.next;
  const more = async () => {
    try {
      const page = await call<MeterSales>('GET', `${path}&before=${next}`);
      setOlder({ sales: [...(older?.sales ?? []), ...page.sales], next: page.next });
    } catch (error) {
      setProblem(words(error));
    }
  };
  const { answer: known } = account;
  return (
    <section class="card broad" aria-labelledby="purchases">
      <h2 id="purchases">{say('purchases')}</h2>
      {(problem || newest.problem || account.problem) && (
        <p class="problem">{problem || newest.problem || account.problem}</p>
      )}
      {known !== undefined && (
        <dl>
          <Fact name={say('monthUnits')}>{showKwh(known.monthUnitsDeciKwh, locale)}</Fact>
          <Fact name={say('lastPurchase')}>
            {known.lastPurchaseAt === null ? say('never') : showMoment(known.lastPurchaseAt, locale)}
          </Fact>
          <Fact name={say('freeUnitsDue')}>{showKwh(known.freeUnitsDueDeciKwh, locale)}</Fact>
        </dl>
      )}
      {known?.block != null && (
        <p class="hint">
          {known.block.leftDeciKwh === null
            ? say('blockLast', { block: known.block.block, price: known.block.pricePerKwh })
            : say('blockNow', {
                block: known.block.block,
                price: known.block.pricePerKwh,
                left: showKwh(known.block.leftDeciKwh, locale),
              })}
        </p>
      )}
      <PurchasesPicture sales={sales} />
      {newest.answer !== undefined && sales.length === 0 && <p>{say('none')}</p>}
      {sales.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
        <section class="wide-table" tabIndex={0} aria-label={say('purchases')}>
          <table class="table">
            <thead>
              <tr>
                <th scope="col">{say('time')}</th>
                <th scope="col">{say('what')}</th>
                <th scope="col" class="amount">
                  {say('amount')}
                </th>
                <th scope="col" class="amount">
                  {say('units')}
                </th>
                <th scope="col">{say('from')}</th>
              </tr>
            </thead>
            <tbody>
              {sales.map((sale) => (
                <PurchaseRow key={sale.saleId} sale={sale} />
              ))}
            </tbody>
          </table>
        </section>
      )}
      {typeof next === 'string' && (
        <button type="button" onClick={() => void more()}>
          {say('older')}
        </button>
      )}
    </section>
  );
}

function PurchaseRow({ sale }: { readonly sale: MeterSale }) {
  const { say, locale } = useSay();
  return (
    <tr>
      <td class="when">{showMoment(sale.soldAt, locale)}</td>
      <td>
        {say(`kind_${sale.kind}` as TextKey)}
        {sale.state !== 'sold' && (
          <>
            {' '}
            <span class={`mark ${sale.state === 'reversed' ? 'bad' : 'good'}`}>
              {say(`state_${sale.state}`)}
            </span>
          </>
        )}
        {sale.reason !== null && <small class="block">{sale.reason}</small>}
      </td>
      <td class="amount">{showMinor(sale.paidMinor, sale.currency, locale)}</td>
      <td class="amount">{sale.amountDeciKwh > 0 ? showKwh(sale.amountDeciKwh, locale) : '–'}</td>
      <td>
        {sale.vendorId}
        {sale.operator !== null && <small class="block">{sale.operator}</small>}
      </td>
    </tr>
  );
}

const HEIGHT = 72;
const GAP = 3;
const WIDEST = 26;

/** A bar for each purchase that carried energy; the table has the figures. */
function PurchasesPicture({ sales }: { readonly sales: readonly MeterSale[] }) {
  const { say } = useSay();
  const [place, width] = useWidth<HTMLDivElement>();
  const bars = sales
    .filter(({ amountDeciKwh, state }) => amountDeciKwh > 0 && state !== 'reversed')
    .reverse();
  const highest = Math.max(1, ...bars.map(({ amountDeciKwh }) => amountDeciKwh));
  const step = Math.min(WIDEST, width / Math.max(1, bars.length));
  return (
    <div ref={place} class="picture">
      {bars.length > 1 && (
        <svg width={width} height={HEIGHT} role="img" aria-label={say('purchasesPicture')}>
          <line class="axis" x1={0} x2={width} y1={HEIGHT - 1} y2={HEIGHT - 1} />
          {bars.map(({ saleId, amountDeciKwh, kind }, index) => {
            const high = Math.max(2, ((HEIGHT - 4) * amountDeciKwh) / highest);
            const x = width - (bars.length - index) * step;
            return (
              <rect
                key={saleId}
                class={kind === 'credit' ? 'bar-sold' : 'bar-given'}
                x={x}
                y={HEIGHT - high}
                width={Math.max(1, step - GAP)}
                height={high}
              />
            );
          })}
        </svg>
      )}
    </div>
  );
}
