/** What a receipt opens: that it is genuine, where its money went, and the meter's purchases. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { call, NoAnswer, Refusal } from '../api.ts';
import { showKwh, showMinor } from '../money.ts';
import type { Purchase, Purchases, Receipt, Visit } from './answers.ts';
import { showDay, showMoment } from './figures.ts';
import { LowBalanceCard } from './low-balance-card.tsx';
import { PracticeCard } from './practice-card.tsx';
import { useSay } from './speech.ts';
import { TokensCard } from './tokens-card.tsx';
import { UseCard } from './use-card.tsx';
import { WhyCard } from './why-card.tsx';

interface MeterPageProps {
  readonly visit: Visit;
  /** @param why - what ended the visit, unless it was asked to end. */
  readonly onLeave: (why?: unknown) => void;
  readonly languages: ComponentChildren;
}

export function MeterPage({ visit, onLeave, languages }: MeterPageProps) {
  const { say, locale } = useSay();
  const [shown, setShown] = useState<Receipt | undefined>(undefined);
  const [explained, setExplained] = useState<Receipt | undefined>(undefined);
  const [list, setList] = useState<Purchases | undefined>(undefined);
  const [problem, setProblem] = useState('');
  const verdict = useRef<HTMLHeadingElement>(null);
  const wordsOf = (error: unknown): string => {
    if (error instanceof NoAnswer) return say('noConnection');
    if (error instanceof Refusal && error.code === 'visit_required') onLeave(error);
    return say('failed', { reason: error instanceof Error ? error.message : String(error) });
  };
  const ask = async <T,>(path: string): Promise<T | undefined> => {
    try {
      return await call<T>('GET', path);
    } catch (error) {
      setProblem(wordsOf(error));
      return undefined;
    }
  };
  const receiptOf = (saleId: string) => ask<Receipt>(`/v1/customer/purchases/${saleId}`);
  const look = async () => setList(await ask<Purchases>('/v1/customer/purchases'));
  useEffect(() => {
    void receiptOf(visit.saleId).then((receipt) => {
      setShown(receipt);
      setExplained(receipt);
    });
    void look();
    const timer = setTimeout(
      () => onLeave(new Refusal(401, { code: 'visit_required', outcome: 'none' })),
      visit.secondsLeft * 1000,
    );
    return () => clearTimeout(timer);
  }, [visit]);
  useEffect(() => verdict.current?.focus(), [shown === undefined]);
  const explain = async (saleId: string) => {
    const receipt = await receiptOf(saleId);
    if (receipt === undefined) return;
    setExplained(receipt);
    requestAnimationFrame(() => document.getElementById('why')?.focus());
  };
  const supportNumber = visit.utility.supportNumber;
  return (
    <>
      <a class="skip" href="#verdict">
        {say('skip')}
      </a>
      <header class="bar">
        <h1 class="grow">
          {visit.utility.name} <small class="at-meter">{say('meter', { meter: visit.meter.drn })}</small>
        </h1>
        {languages}
        <button type="button" onClick={() => onLeave()}>
          {say('leave')}
        </button>
      </header>
      <main class="customer">
        <p class="problem" role="alert">
          {problem}
        </p>
        <div class="columns">
          <div class="sale">
            {shown !== undefined && (
              <Verdict receipt={shown} heading={verdict} supportNumber={supportNumber} />
            )}
            {explained !== undefined && (
              <WhyCard
                receipt={explained}
                heading={say('why', { day: dayOf(explained, locale) })}
                givenDeciKwh={
                  list?.purchases.find(({ saleId }) => saleId === explained.saleId)?.givenDeciKwh ?? 0
                }
              />
            )}
            {list !== undefined && (
              <PurchaseList
                list={list}
                current={explained?.saleId}
                onExplain={(saleId) => void explain(saleId)}
              />
            )}
          </div>
          <div class="side">
            {list !== undefined && explained !== undefined && (
              <UseCard list={list} currency={explained.currency} />
            )}
            <TokensCard visit={visit} wordsOf={wordsOf} />
            {visit.isSandbox && explained !== undefined && (
              <PracticeCard
                currency={explained.currency}
                wordsOf={wordsOf}
                onBought={({ saleId }) => {
                  void receiptOf(saleId).then(setExplained);
                  void look();
                }}
              />
            )}
            <LowBalanceCard visit={visit} wordsOf={wordsOf} />
          </div>
        </div>
      </main>
    </>
  );
}

function dayOf({ soldAt, timeZone }: Receipt, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone }).format(new Date(soldAt));
}

interface VerdictProps {
  readonly receipt: Receipt;
  readonly heading: { current: HTMLHeadingElement | null };
  readonly supportNumber: string | null;
}

function Verdict({ receipt, heading, supportNumber }: VerdictProps) {
  const { say, locale } = useSay();
  const { receiptNumber, soldAt, timeZone, vendor, paidMinor, currency, reversedAt } = receipt;
  return (
    <section class="card verdict genuine" aria-labelledby="verdict">
      <span class="sign" aria-hidden="true">
        ✓
      </span>
      <div>
        <h2 id="verdict" tabIndex={-1} ref={heading}>
          {say('genuine')}
        </h2>
        {reversedAt !== undefined && (
          <p class="notice">{say('takenBack', { day: showMoment(reversedAt, timeZone, locale) })}</p>
        )}
        <dl>
          {(
            [
              ['receipt', receiptNumber],
              ['soldOn', showMoment(soldAt, timeZone, locale)],
              ['soldBy', vendor.name],
              ['paid', showMinor(paidMinor, currency, locale)],
            ] as const
          ).map(([key, value]) => (
            <div key={key}>
              <dt>{say(key)}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
        {supportNumber !== null && <p class="hint">{say('support', { number: supportNumber })}</p>}
      </div>
    </section>
  );
}

interface PurchaseListProps {
  readonly list: Purchases;
  readonly current: string | undefined;
  readonly onExplain: (saleId: string) => void;
}

function PurchaseList({ list, current, onExplain }: PurchaseListProps) {
  const { say, locale } = useSay();
  const nameOf = ({ day, paidMinor, currency }: Purchase) =>
    say('explainOf', { amount: showMinor(paidMinor, currency, locale), day: showDay(day, locale) });
  return (
    <section class="card" aria-labelledby="purchases">
      <h2 id="purchases">{say('purchases')}</h2>
      <ul class="recent scrolls">
        {list.purchases.map((purchase) => (
          <li key={purchase.saleId}>
            <span class="grow">
              {showDay(purchase.day, locale)}
              <small>
                {showMinor(purchase.paidMinor, purchase.currency, locale)} ·{' '}
                {purchase.isTakenBack
                  ? say('wasTakenBack')
                  : showKwh(purchase.boughtDeciKwh + purchase.givenDeciKwh, locale)}
              </small>
            </span>
            <button
              type="button"
              aria-label={nameOf(purchase)}
              aria-pressed={purchase.saleId === current}
              onClick={() => onExplain(purchase.saleId)}
            >
              {say('explain')}
            </button>
          </li>
        ))}
      </ul>
      {list.hasMore && <p class="hint">{say('older')}</p>}
    </section>
  );
}
