/** The counter: one sale after another, and beside it what was sold and the shift. */
import { useState } from 'preact/hooks';
import { call, isUnknown } from '../api.ts';
import type { Visit } from '../door.tsx';
import { showMinor } from '../money.ts';
import { AmountStep } from './amount-step.tsx';
import type { LookUp, Sale, SaleOrder, Vendor } from './answers.ts';
import { pendingOrder, tillOf } from './kept.ts';
import { LostStep } from './lost-step.tsx';
import { MeterLink } from './meter-link.tsx';
import { MeterStep } from './meter-step.tsx';
import { RecentSales } from './recent-sales.tsx';
import { ShiftPanel } from './shift-panel.tsx';
import { SoldStep } from './sold-step.tsx';
import { useFaultWords, useSay } from './speech.ts';

interface CounterProps {
  readonly visit: Visit<Vendor>;
  /** The float has moved. */
  readonly onSold: () => Promise<void>;
}

type Step =
  | { readonly at: 'meter'; readonly problem?: string }
  | { readonly at: 'amount'; readonly lookUp: LookUp; readonly problem?: string }
  | { readonly at: 'selling' }
  | { readonly at: 'lost'; readonly order: SaleOrder }
  | { readonly at: 'sold'; readonly sale: Sale; readonly isCopy: boolean };

export function Counter({ visit, onSold }: CounterProps) {
  const { session, entered: vendor, languages } = visit;
  const { say, locale } = useSay();
  const pending = pendingOrder(vendor.vendorId);
  const lostBefore = pending.read();
  const [step, setStep] = useState<Step>(
    lostBefore === undefined ? { at: 'meter' } : { at: 'lost', order: lostBefore },
  );
  const [sold, setSold] = useState(0);
  const tillId = tillOf();

  const wordsOf = useFaultWords(visit.wordsOf);

  const finish = async (sale: Sale) => {
    pending.forget();
    setStep({ at: 'sold', sale, isCopy: false });
    setSold((count) => count + 1);
    await onSold().catch(() => undefined);
  };

  const sell = async (order: SaleOrder, lookUp: LookUp) => {
    // Kept before it is sent: whatever happens to the page, it is known what was asked.
    pending.keep(order);
    setStep({ at: 'selling' });
    try {
      await finish(await call<Sale>('POST', '/v1/sales', order));
    } catch (error) {
      if (isUnknown(error)) {
        setStep({ at: 'lost', order });
        return;
      }
      pending.forget();
      setStep({ at: 'amount', lookUp, problem: say('refused', { reason: wordsOf(error) }) });
    }
  };

  return (
    <>
      <a class="skip" href="#sale">
        {say('skip')}
      </a>
      <header class="bar">
        <strong>{vendor.name}</strong>
        <span>
          {say('float')} <b>{showMinor(vendor.floatMinor, vendor.currency, locale)}</b>
        </span>
        <span class="grow">{session.name}</span>
        <MeterLink />
        {languages}
        <button type="button" onClick={visit.signOut}>
          {say('signOut')}
        </button>
      </header>
      <div class="columns">
        <main id="sale" class="sale">
          <h1 class="unseen">{say('title')}</h1>
          {step.at === 'meter' && (
            <MeterStep
              problem={step.problem ?? ''}
              onFound={(lookUp) => setStep({ at: 'amount', lookUp })}
              wordsOf={wordsOf}
            />
          )}
          {step.at === 'amount' && (
            <AmountStep
              lookUp={step.lookUp}
              vendorId={vendor.vendorId}
              problem={step.problem ?? ''}
              tillId={tillId}
              onSell={(order) => void sell(order, step.lookUp)}
              onBack={() => setStep({ at: 'meter' })}
              wordsOf={wordsOf}
            />
          )}
          {step.at === 'selling' && (
            <p class="card busy" role="status">
              {say('selling')}
            </p>
          )}
          {step.at === 'lost' && (
            <LostStep
              order={step.order}
              onSale={finish}
              onNothing={(problem) => {
                pending.forget();
                setStep({ at: 'meter', problem });
              }}
              wordsOf={wordsOf}
            />
          )}
          {step.at === 'sold' && (
            <SoldStep sale={step.sale} isCopy={step.isCopy} onNext={() => setStep({ at: 'meter' })} />
          )}
        </main>
        <aside class="side">
          <ShiftPanel vendor={vendor} tillId={tillId} sold={sold} wordsOf={wordsOf} />
          <RecentSales
            vendorId={vendor.vendorId}
            tillId={tillId}
            sold={sold}
            onShow={(sale) => setStep({ at: 'sold', sale, isCopy: true })}
            isBusy={step.at === 'selling' || step.at === 'lost'}
            wordsOf={wordsOf}
          />
        </aside>
      </div>
    </>
  );
}
