/** One vendor: what he has left and what moves it, his statement, his batches and what he earns. */
import { useState } from 'preact/hooks';
import { call } from '../../api.ts';
import { parseMinor, showMinor } from '../../money.ts';
import { Deed, textOf, WrongInput } from '../deed.tsx';
import type { SectionProps } from '../sections.ts';
import { useLook } from '../use-look.ts';
import type { Vendor } from './answers.ts';
import { BatchesCard } from './batches-card.tsx';
import { CommissionCard } from './commission-card.tsx';
import { isWaiting, Problem } from './parts.tsx';
import { useFaultWords, useSay } from './speech.ts';
import { StatementCard } from './statement-card.tsx';

export function VendorPlace({ session, wordsOf, place: vendorId }: SectionProps) {
  const { say } = useSay();
  const words = useFaultWords(wordsOf);
  const path = `/v1/vendors/${encodeURIComponent(vendorId)}`;
  const { found: vendor, problem, lookAgain } = useLook<Vendor>(path, { wordsOf: words });
  const [moves, setMoves] = useState(0);
  const may = (permission: string) => session.permissions.includes(permission);
  const moved = () => {
    lookAgain();
    setMoves(moves + 1);
  };
  return (
    <>
      {session.vendorId === null && <a href="#/vendors">{say('allVendors')}</a>}
      <Problem text={problem} />
      {vendor !== undefined && (
        <>
          <FloatCard vendor={vendor} />
          {may('float.move') && (
            <div class="cards">
              <DepositCard vendor={vendor} wordsOf={words} onDone={moved} />
              <LimitCard vendor={vendor} wordsOf={words} onDone={moved} />
            </div>
          )}
          {may('statement.read') && (
            <StatementCard
              key={moves}
              vendor={vendor}
              canReverse={may('float.move')}
              wordsOf={words}
              onMoved={lookAgain}
            />
          )}
          <div class="cards">
            {may('statement.read') && (
              <BatchesCard vendor={vendor} canClose={may('batch.close')} wordsOf={words} />
            )}
            {may('commission.read') && (
              <CommissionCard vendor={vendor} canPay={may('float.move')} wordsOf={words} onDone={moved} />
            )}
          </div>
        </>
      )}
    </>
  );
}

function FloatCard({ vendor }: { readonly vendor: Vendor }) {
  const { say, locale } = useSay();
  const money = (minor: number) => showMinor(minor, vendor.currency, locale);
  return (
    <section class="card" aria-label={vendor.name}>
      <h2>{vendor.name}</h2>
      <dl>
        {(
          [
            ['float', vendor.floatMinor],
            ['creditLimit', vendor.creditLimitMinor],
            ['leftToSell', vendor.floatMinor + vendor.creditLimitMinor],
          ] as const
        ).map(([title, minor]) => (
          <div key={title}>
            <dt>{say(title)}</dt>
            <dd class="digits" data-figure={title}>
              {money(minor)}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

interface MoneyCardProps {
  readonly vendor: Vendor;
  readonly wordsOf: (error: unknown) => string;
  readonly onDone: () => void;
}

function DepositCard({ vendor: { vendorId, currency }, wordsOf, onDone }: MoneyCardProps) {
  const { say } = useSay();
  // Kept until the deposit is known to be in: the same slip sent twice is one deposit.
  const [requestId, setRequestId] = useState<string>(() => crypto.randomUUID());
  const pay = async (fields: FormData) => {
    const amountMinor = parseMinor(textOf(fields, 'amount'), currency);
    if (amountMinor === undefined) throw new WrongInput(say('amountWrong'));
    const body = { requestId, amountMinor, currency, reference: textOf(fields, 'reference') };
    const answer = await call<object>('POST', `/v1/vendors/${vendorId}/deposits`, body);
    setRequestId(crypto.randomUUID());
    onDone();
    return say(isWaiting(answer) ? 'waitsForSecond' : 'depositDone');
  };
  return (
    <section class="card" aria-labelledby="deposit">
      <h2 id="deposit">{say('deposit')}</h2>
      <Deed action={say('payIn')} onDo={pay} wordsOf={wordsOf}>
        <label>
          {say('amountIn', { currency })}
          <input name="amount" inputMode="decimal" autocomplete="off" required maxLength={14} />
        </label>
        <label>
          {say('slip')}
          <input name="reference" autocomplete="off" required maxLength={200} />
        </label>
      </Deed>
    </section>
  );
}

function LimitCard({ vendor, wordsOf, onDone }: MoneyCardProps) {
  const { say, locale } = useSay();
  const { vendorId, currency, creditLimitMinor } = vendor;
  const change = async (fields: FormData) => {
    const text = textOf(fields, 'limit');
    const limit = /^0+([.,]0*)?$/.test(text) ? 0 : parseMinor(text, currency);
    if (limit === undefined) throw new WrongInput(say('amountWrong'));
    const body = { creditLimitMinor: limit, reason: textOf(fields, 'reason') };
    const answer = await call<object>('PUT', `/v1/vendors/${vendorId}/credit-limit`, body);
    onDone();
    return say(isWaiting(answer) ? 'waitsForSecond' : 'limitDone');
  };
  return (
    <section class="card" aria-labelledby="limit">
      <h2 id="limit">{say('creditLimit')}</h2>
      <Deed action={say('changeLimit')} onDo={change} wordsOf={wordsOf}>
        <label>
          {say('limitIn', { currency, limit: showMinor(creditLimitMinor, currency, locale) })}
          <input name="limit" inputMode="decimal" autocomplete="off" required maxLength={14} />
        </label>
        <label>
          {say('reason')}
          <input name="reason" autocomplete="off" required maxLength={200} />
        </label>
      </Deed>
    </section>
  );
}
