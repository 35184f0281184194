/** A purchase for practice, where the server runs a sandbox. */
import { useState } from 'preact/hooks';
import { call, isUnknown, Refusal } from '../api.ts';
import { parseMinor } from '../money.ts';
import type { Receipt } from './answers.ts';
import { useSay } from './speech.ts';
import { ReceiptTokens } from './tokens-card.tsx';

interface PracticeCardProps {
  readonly currency: string;
  readonly onBought: (receipt: Receipt) => void;
  readonly wordsOf: (error: unknown) => string;
}

const MOST_MINOR = 100_000;

export function PracticeCard({ currency, onBought, wordsOf }: PracticeCardProps) {
  const { say } = useSay();
  const [problem, setProblem] = useState('');
  const [bought, setBought] = useState<Receipt | undefined>(undefined);
  const [busy, setBusy] = useState(false);
  /** Asked again while nobody knows whether it was sold: it is sold once. */
  const [underWay, setUnderWay] = useState<{ requestId: string; paidMinor: number } | undefined>(undefined);
  const buy = async (event: Event) => {
    event.preventDefault();
    const text = String(new FormData(event.target as HTMLFormElement).get('amount') ?? '');
    const paidMinor = parseMinor(text, currency);
    const isAmount = paidMinor !== undefined && paidMinor <= MOST_MINOR;
    setProblem(isAmount ? '' : say('practiceWrong'));
    if (!isAmount) return;
    const order =
      underWay?.paidMinor === paidMinor ? underWay : { requestId: crypto.randomUUID(), paidMinor };
    setBusy(true);
    try {
      const receipt = await call<Receipt>('POST', '/v1/customer/practice-purchases', order);
      setUnderWay(undefined);
      setBought(receipt);
      onBought(receipt);
    } catch (error) {
      setUnderWay(isUnknown(error) ? order : undefined);
      const code = error instanceof Refusal ? error.code : '';
      if (code === 'payment_too_small') setProblem(say('practiceTooSmall'));
      else setProblem(code === 'payment_too_large' ? say('practiceTooLarge') : wordsOf(error));
    }
    setBusy(false);
  };
  return (
    <form class="card practice" aria-labelledby="practice" onSubmit={(event) => void buy(event)}>
      <h2 id="practice">{say('practice')}</h2>
      <p class="notice">{say('practiceHint')}</p>
      <label>
        {say('practiceAmount', { currency })}
        <input name="amount" inputMode="decimal" maxLength={10} required autocomplete="off" />
      </label>
      <button type="submit" disabled={busy}>
        {say('practiceBuy')}
      </button>
      <p class="problem" role="alert">
        {problem}
      </p>
      <div role="status">
        {bought !== undefined && (
          <>
            <p class="notice">{say('practised')}</p>
            <ReceiptTokens receipt={bought} />
          </>
        )}
      </div>
    </form>
  );
}
