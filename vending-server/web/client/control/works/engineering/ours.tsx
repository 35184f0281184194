/** "Was this token ours?" */
import { useState } from 'preact/hooks';
import { call } from '../../../api.ts';
import { showMinor } from '../../../money.ts';
import type { SectionProps } from '../../sections.ts';
import { ActForm } from '../act-form.tsx';
import { Fact } from '../fact.tsx';
import { showCount, showMoment } from '../show.ts';
import { useFaultWords } from '../speech.ts';
import { useSay } from './speech.ts';

interface Entry {
  readonly counter: number;
  readonly tokenDigest: string;
  readonly entryHash: string;
  readonly signature: string;
}

interface Ledger {
  readonly moduleId: string;
  readonly entries: number;
  readonly headHash: string;
}

type Verdict =
  | { readonly ours: false; readonly ledger: Ledger }
  | {
      readonly ours: true;
      readonly state: 'released' | 'unreleased';
      readonly counter: number;
      readonly meterPan: string;
      readonly tidMinutes: number | null;
      readonly sale: {
        readonly saleId: string;
        readonly vendorId: string;
        readonly soldAt: string;
        readonly currency: string;
        readonly paidMinor: number;
      } | null;
      readonly proof: readonly Entry[];
      readonly ledger: Ledger;
    };

export function Ours({ wordsOf }: SectionProps) {
  const { say } = useSay();
  const words = useFaultWords(wordsOf);
  const [verdict, setVerdict] = useState<Verdict | undefined>(undefined);
  const ask = async ({ tokenNo = '' }: Readonly<Record<string, string>>): Promise<string> => {
    setVerdict(undefined);
    setVerdict(await call<Verdict>('POST', '/v1/tokens/verify', { tokenNo: tokenNo.replace(/[\s-]/g, '') }));
    return '';
  };
  return (
    <>
      <section class="card big">
        <ActForm
          id="ours"
          isMain
          fields={[{ name: 'tokenNo', label: say('oursQuestion'), hint: say('oursHint'), length: 40 }]}
          action={say('ask')}
          act={ask}
          words={words}
        />
      </section>
      <div role="status">{verdict !== undefined && <VerdictCard verdict={verdict} />}</div>
    </>
  );
}

function VerdictCard({ verdict }: { readonly verdict: Verdict }) {
  const { say, locale } = useSay();
  const { ledger } = verdict;
  const title = !verdict.ours ? 'notOurs' : verdict.state === 'released' ? 'ours' : 'unreleased';
  return (
    <section class={`card verdict ${title === 'ours' ? 'good' : 'bad'}`}>
      <h2>{say(title)}</h2>
      {verdict.ours && (
        <dl>
          {verdict.sale !== null && (
            <>
              <Fact name={say('vendor')}>{verdict.sale.vendorId}</Fact>
              <Fact name={say('time')}>{showMoment(verdict.sale.soldAt, locale)}</Fact>
              <Fact name={say('paid')}>
                {showMinor(verdict.sale.paidMinor, verdict.sale.currency, locale)}
              </Fact>
            </>
          )}
          <Fact name={say('meter')}>{verdict.meterPan}</Fact>
          <Fact name={say('counter')}>{showCount(verdict.counter, locale)}</Fact>
          <Fact name={say('identifier')}>{verdict.tidMinutes ?? say('noIdentifier')}</Fact>
          {verdict.sale !== null && <Fact name={say('saleId')}>{verdict.sale.saleId}</Fact>}
        </dl>
      )}
      <h3>{say('proves')}</h3>
      <p>
        {verdict.ours
          ? say(verdict.state === 'released' ? 'oursProves' : 'unreleasedProves', {
              counter: verdict.counter,
              links: verdict.proof.length - 1,
            })
          : say('notOursProves', { entries: ledger.entries })}
      </p>
      <details>
        <summary>{say('evidence')}</summary>
        <dl class="evidence">
          <Fact name={say('module')}>{ledger.moduleId}</Fact>
          <Fact name={say('ledgerEntries')}>{showCount(ledger.entries, locale)}</Fact>
          <Fact name={say('headHash')}>{ledger.headHash}</Fact>
          {verdict.ours && (
            <>
              <Fact name={say('tokenDigest')}>{verdict.proof[0]?.tokenDigest ?? ''}</Fact>
              <Fact name={say('entryHash')}>{verdict.proof[0]?.entryHash ?? ''}</Fact>
              <Fact name={say('signature')}>{verdict.proof.at(-1)?.signature ?? ''}</Fact>
            </>
          )}
        </dl>
      </details>
    </section>
  );
}
