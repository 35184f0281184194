/** The tokens of the last purchases, shown when they are asked for and not before: others may look at the screen too. */
import { useState } from 'preact/hooks';
import { call } from '../api.ts';
import { showKwh, showMinor } from '../money.ts';
import type { Receipt, Token, Visit } from './answers.ts';
import { showMoment } from './figures.ts';
import { useSay } from './speech.ts';

interface TokensCardProps {
  readonly visit: Visit;
  readonly wordsOf: (error: unknown) => string;
}

export function TokensCard({ visit, wordsOf }: TokensCardProps) {
  const { say } = useSay();
  const [receipts, setReceipts] = useState<readonly Receipt[] | undefined>(undefined);
  const [problem, setProblem] = useState('');
  const show = async () => {
    setProblem('');
    try {
      const answer = await call<{ purchases: readonly Receipt[] }>('GET', '/v1/customer/tokens');
      setReceipts(answer.purchases);
    } catch (error) {
      setProblem(wordsOf(error));
    }
  };
  return (
    <section class="card" aria-labelledby="tokens">
      <h2 id="tokens">{say('tokens')}</h2>
      {!visit.showsTokens ? (
        <p>{say('tokensOld')}</p>
      ) : (
        <>
          <p class="hint">{say('tokensHint')}</p>
          <button
            type="button"
            aria-expanded={receipts !== undefined}
            onClick={() => (receipts === undefined ? void show() : setReceipts(undefined))}
          >
            {say(receipts === undefined ? 'showTokens' : 'hideTokens')}
          </button>
          <p class="problem" role="alert">
            {problem}
          </p>
          <div role="status">
            {receipts?.map((receipt) => (
              <ReceiptTokens key={receipt.saleId} receipt={receipt} />
            ))}
          </div>
        </>
      )}
    </section>
  );
}

/** Of one purchase, in the order in which they are keyed in. */
export function ReceiptTokens({ receipt }: { readonly receipt: Receipt }) {
  const { say, locale } = useSay();
  const { tokens, soldAt, timeZone, paidMinor, currency } = receipt;
  const titleOf = ({ kind, amount, reason, section = 1, of = 1 }: Token): string => {
    if (kind === 'keyChange') return say('keyToken', { section, of });
    if (amount?.unit !== 'kWh') return say(kind === 'credit' ? 'credit' : 'otherToken');
    const units = showKwh(amount.amountDeciKwh, locale);
    return say(reason === 'free' || reason === 'freeIssue' ? 'freeToken' : 'tokenOf', { units });
  };
  return (
    <article class="given">
      <h3>
        {showMoment(soldAt, timeZone, locale)} <small>{showMinor(paidMinor, currency, locale)}</small>
      </h3>
      {receipt.reversedAt !== undefined ? (
        <p>{say('wasTakenBack')}</p>
      ) : (
        tokens.length === 0 && <p>{say('noTokens')}</p>
      )}
      {tokens.map((token) => (
        <div key={token.tokenNo}>
          <p>{titleOf(token)}</p>
          <p class="token">{token.tokenNo.replace(/(\d{4})(?=\d)/g, '$1 ')}</p>
        </div>
      ))}
    </article>
  );
}
