import { useState } from 'preact/hooks';
import { call } from '../../api.ts';
import { showMinor } from '../../money.ts';
import { Deed, textOf } from '../deed.tsx';
import type { FloatEntry, StatementPage, Vendor } from './answers.ts';
import { isWaiting, ListEnd, Moment, Table } from './parts.tsx';
import { useSay } from './speech.ts';
import { usePages } from './use-page.ts';

interface StatementCardProps {
  readonly vendor: Vendor;
  readonly canReverse: boolean;
  readonly wordsOf: (error: unknown) => string;
  readonly onMoved: () => void;
}

const ENTRY_NAMES = {
  sale: 'entrySale',
  saleReversal: 'entrySaleReversal',
  deposit: 'entryDeposit',
  depositReversal: 'entryDepositReversal',
  commission: 'entryCommission',
} as const;

export function StatementCard({ vendor, canReverse, wordsOf, onMoved }: StatementCardProps) {
  const { say, locale } = useSay();
  const { vendorId, currency } = vendor;
  const [chosen, setChosen] = useState<FloatEntry | undefined>(undefined);
  const path = `/v1/vendors/${vendorId}/statement?limit=25`;
  const pages = usePages<StatementPage, FloatEntry>(path, 'before', ({ entries }) => entries, wordsOf);
  const money = (minor: number) => showMinor(minor, currency, locale);
  const takeBack = async (fields: FormData) => {
    const body = { reason: textOf(fields, 'reason') };
    const to = `/v1/vendors/${vendorId}/deposits/${encodeURIComponent(chosen?.reference ?? '')}/reversal`;
    const answer = await call<object>('POST', to, body);
    pages.lookAgain();
    onMoved();
    return say(isWaiting(answer) ? 'waitsForSecond' : 'depositTakenBack');
  };
  return (
    <section class="card" aria-labelledby="statement">
      <h2 id="statement">{say('statement')}</h2>
      {chosen !== undefined && (
        <div class="notice">
          <p>{say('takeBackThis', { amount: money(chosen.amountMinor), reference: chosen.reference })}</p>
          <Deed
            action={say('takeBack')}
            onDo={takeBack}
            wordsOf={wordsOf}
            more={
              <button type="button" onClick={() => setChosen(undefined)}>
                {say('leave')}
              </button>
            }
          >
            <label>
              {say('reason')}
              <input name="reason" autocomplete="off" required maxLength={200} />
            </label>
          </Deed>
        </div>
      )}
      <Table
        caption={say('statement')}
        heads={[
          say('when'),
          say('movement'),
          say('reference'),
          `#${say('amount')}`,
          `#${say('floatAfter')}`,
          ...(canReverse ? [say('act')] : []),
        ]}
      >
        {pages.rows?.map((entry) => (
          <tr key={entry.entryId}>
            <td>
              <Moment at={entry.at} />
            </td>
            <td>{say(ENTRY_NAMES[entry.kind])}</td>
            <td class="hash">{entry.reference}</td>
            <td class="amount">{money(entry.amountMinor)}</td>
            <td class="amount">{money(entry.balanceMinor)}</td>
            {canReverse && (
              <td>
                {entry.kind === 'deposit' && (
                  <button type="button" onClick={() => setChosen(entry)}>
                    {say('takeBack')}
                  </button>
                )}
              </td>
            )}
          </tr>
        ))}
      </Table>
      <ListEnd pages={pages} empty={say('noMovements')} />
    </section>
  );
}
