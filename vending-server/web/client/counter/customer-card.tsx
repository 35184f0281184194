import { showKwh, showMinor } from '../money.ts';
import type { LookUp } from './answers.ts';
import { useSay } from './speech.ts';

/** Whose meter it is, before money changes hands. */
export function CustomerCard({ lookUp, onBack }: { readonly lookUp: LookUp; readonly onBack: () => void }) {
  const { say, locale } = useSay();
  const { customer, meter, block, currency, lastPurchaseAt, freeUnitsDueDeciKwh } = lookUp;
  const money = (minor: number) => showMinor(minor, currency, locale);
  const sum = (amounts: readonly number[]) => amounts.reduce((all, each) => all + each, 0);
  const owed = sum(lookUp.arrears.map(({ balanceMinor }) => balanceMinor));
  const charges = sum(lookUp.chargesDue.map(({ dueMinor }) => dueMinor));
  const date = new Intl.DateTimeFormat(locale, { dateStyle: 'medium' });
  const facts: readonly (readonly [string, string] | false)[] = [
    [say('meter'), meter.drn],
    [say('lastPurchase'), lastPurchaseAt === null ? say('never') : date.format(new Date(lastPurchaseAt))],
    [say('boughtThisMonth'), showKwh(lookUp.monthUnitsDeciKwh, locale)],
    block !== null && [
      say('block', { block: block.block, price: block.pricePerKwh }),
      block.leftDeciKwh === null ? '' : say('blockLeft', { left: showKwh(block.leftDeciKwh, locale) }),
    ],
    owed > 0 && [say('arrears'), money(owed)],
    charges > 0 && [say('charges'), money(charges)],
    freeUnitsDueDeciKwh > 0 && [say('freeUnits'), showKwh(freeUnitsDueDeciKwh, locale)],
  ];
  return (
    <section class="card customer" aria-label={say('customer')}>
      <div class="row">
        <div class="grow">
          <p class="name">{customer?.name ?? say('noCustomer')}</p>
          <p>{customer?.addressLines.join(', ')}</p>
        </div>
        <button type="button" onClick={onBack}>
          {say('another')}
        </button>
      </div>
      <dl>
        {facts.map(
          (fact) =>
            fact !== false && (
              <div key={fact[0]}>
                <dt>{fact[0]}</dt>
                <dd>{fact[1]}</dd>
              </div>
            ),
        )}
      </dl>
      {lookUp.keyChangeDue && <p class="notice">{say('keyChangeDue')}</p>}
      {!lookUp.canVend && (
        <p class="problem" role="alert">
          {say('cannotSell', { reason: lookUp.cannotVendBecause ?? '' })}
        </p>
      )}
    </section>
  );
}
