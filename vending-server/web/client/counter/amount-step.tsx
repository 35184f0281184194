import { useEffect, useRef, useState } from 'preact/hooks';
import { useFocus } from '../../../../lib/pages/client/use-focus.ts';
import { call } from '../api.ts';
import { parseMinor, showMinor } from '../money.ts';
import type { LookUp, SaleOrder, Trial } from './answers.ts';
import { CustomerCard } from './customer-card.tsx';
import { shiftAtTill } from './kept.ts';
import { useSay } from './speech.ts';
import { TrialLines } from './trial-lines.tsx';

interface AmountStepProps {
  readonly lookUp: LookUp;
  readonly problem: string;
  readonly tillId: string;
  readonly onSell: (order: SaleOrder) => void;
  readonly onBack: () => void;
  readonly wordsOf: (error: unknown) => string;
  readonly vendorId: string;
}

/** The first Enter shows what the money buys and moves to the button, the second one sells. */
export function AmountStep({
  lookUp,
  problem: before,
  tillId,
  onSell,
  onBack,
  wordsOf,
  vendorId,
}: AmountStepProps) {
  const place = useFocus<HTMLInputElement>();
  const { say, locale } = useSay();
  const { currency, minimumMinor, maximumMinor } = lookUp;
  const [problem, setProblem] = useState(before);
  const [trial, setTrial] = useState<Trial | undefined>(undefined);
  const [busy, setBusy] = useState(false);
  const sellButton = useRef<HTMLButtonElement>(null);
  const money = (minor: number) => showMinor(minor, currency, locale);

  const reckon = async (event: Event) => {
    event.preventDefault();
    const text = String(new FormData(event.target as HTMLFormElement).get('amount') ?? '');
    const paidMinor = parseMinor(text, currency);
    setTrial(undefined);
    setProblem(paidMinor === undefined ? say('amountWrong') : '');
    if (paidMinor === undefined) return;
    setBusy(true);
    const { lookUpCode } = lookUp;
    try {
      const body = { meter: lookUp.meter.drn, paidMinor, currency, lookUpCode };
      setTrial(await call<Trial>('POST', '/v1/trial-sales', body));
    } catch (error) {
      setProblem(wordsOf(error));
    }
    setBusy(false);
  };
  useEffect(() => {
    if (trial?.isCovered === true) sellButton.current?.focus();
  }, [trial]);

  const sell = () => {
    if (trial === undefined) return;
    const shiftId = shiftAtTill(vendorId).read();
    onSell({
      requestId: crypto.randomUUID(),
      meter: trial.meter.drn,
      paidMinor: trial.paidMinor,
      currency,
      lookUpCode: lookUp.lookUpCode,
      tillId,
      tender: 'cash',
      ...(shiftId === undefined ? {} : { shiftId }),
    });
  };

  return (
    <>
      <CustomerCard lookUp={lookUp} onBack={onBack} />
      {lookUp.canVend && (
        <form class="card" onSubmit={(event) => void reckon(event)}>
          <label class="big">
            {say('amount', { currency })}
            <span class="row">
              <input
                name="amount"
                inputMode="decimal"
                autocomplete="off"
                maxLength={14}
                ref={place}
                aria-describedby="bounds"
                onInput={() => setTrial(undefined)}
              />
              <button type="submit" class={trial === undefined ? 'main' : ''}>
                {say('showLines')}
              </button>
            </span>
          </label>
          <p class="hint" id="bounds">
            {say('amountHint', { least: money(minimumMinor), most: money(maximumMinor) })}
          </p>
          <p class="problem" role="alert">
            {problem}
          </p>
          <div role="status">
            {busy ? say('reckoning') : trial !== undefined && <TrialLines trial={trial} />}
          </div>
          {trial !== undefined && !trial.isCovered && <p class="problem">{say('notCovered')}</p>}
          {trial?.isCovered === true && (
            <>
              <p>{say('takeMoney', { amount: money(trial.paidMinor) })}</p>
              <button type="button" class="main wide" ref={sellButton} onClick={sell}>
                {say('sell', { amount: money(trial.paidMinor) })}
              </button>
            </>
          )}
        </form>
      )}
    </>
  );
}
