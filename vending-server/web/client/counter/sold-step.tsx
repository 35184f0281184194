import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { fetchText } from '../api.ts';
import { showMinor } from '../money.ts';
import { TokenList } from '../token-list.tsx';
import type { Sale, SoldToken } from './answers.ts';
import { useSay } from './speech.ts';

interface SoldStepProps {
  readonly sale: Sale;
  readonly isCopy: boolean;
  readonly onNext: () => void;
}

type Paper = '58' | '80' | 'a4';
const PAPER = 'wattoken.paper';

export function SoldStep({ sale, isCopy, onNext }: SoldStepProps) {
  const { say, language, locale } = useSay();
  const [paper, setPaper] = useState<Paper>(() => paperBefore());
  const [slip, setSlip] = useState({ of: '', text: '' });
  const [isPrintWanted, setPrintWanted] = useState(false);
  const printButton = useRef<HTMLButtonElement>(null);
  const query = `lang=${language}&copy=${isCopy}`;
  const format = paper === '58' ? 'text32' : 'text48';
  const path = `/v1/sales/${sale.saleId}/receipt?format=${format}&${query}`;
  useEffect(() => {
    printButton.current?.focus();
    window.scrollTo(0, 0);
  }, [sale]);
  // Before anybody can press the print button again.
  useLayoutEffect(() => {
    document.documentElement.dataset['paper'] = paper;
    localStorage.setItem(PAPER, paper);
  }, [paper]);
  useEffect(() => {
    let isLate = false;
    fetchText('GET', path).then(
      (text) => isLate || setSlip({ of: path, text }),
      () => isLate || setSlip({ of: path, text: '' }),
    );
    return () => {
      isLate = true;
    };
  }, [path]);
  // The slip of another paper must not come out on this one.
  const isReady = slip.of === path;
  useEffect(() => {
    if (!isPrintWanted || !isReady) return;
    setPrintWanted(false);
    window.print();
  }, [isPrintWanted, isReady]);
  const titleOf = (token: SoldToken): string => {
    if (token.kind === 'keyChange')
      return say('keyToken', { section: token.section ?? 1, of: token.of ?? 1 });
    return say(token.reason === 'free' ? 'freeToken' : 'creditToken', { units: token.amountKwh ?? '' });
  };
  return (
    <section class="card sold" aria-labelledby="sold">
      <h2 id="sold">
        {sale.reversed === undefined ? say('sold') : say('takenBack')}{' '}
        <small>
          {showMinor(sale.paidMinor, sale.currency, locale)} · {say('meter')} {sale.meter.drn}
        </small>
      </h2>
      <div role="status" class="tokens">
        {sale.reversed !== undefined && <p>{say('takenBackHint')}</p>}
        {sale.tokens.some(({ kind }) => kind === 'keyChange') && <p class="notice">{say('keyFirst')}</p>}
        <TokenList tokens={sale.tokens} titleOf={titleOf} />
      </div>
      <div class="row wrap">
        <button type="button" class="main" ref={printButton} onClick={() => setPrintWanted(true)}>
          {say('print')}
        </button>
        <label class="choice">
          {say('paper')}
          <select value={paper} onChange={(event) => setPaper(event.currentTarget.value as Paper)}>
            <option value="58">{say('paper58')}</option>
            <option value="80">{say('paper80')}</option>
            <option value="a4">{say('paperA4')}</option>
          </select>
        </label>
        <button type="button" onClick={onNext}>
          {say('nextSale')}
        </button>
        <a
          href={`/v1/sales/${sale.saleId}/receipt?format=pdf&paper=a4&${query}`}
          target="_blank"
          rel="noreferrer"
        >
          {say('pdf')}
        </a>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
      <section class="slip" tabIndex={0} aria-label={say('slip')} aria-busy={!isReady}>
        <pre>{slip.text}</pre>
      </section>
    </section>
  );
}

function paperBefore(): Paper {
  const kept = localStorage.getItem(PAPER);
  return kept === '58' || kept === 'a4' ? kept : '80';
}
