import { useState } from 'preact/hooks';
import { call } from '../../api.ts';
import { Deed, textOf } from '../deed.tsx';
import type { Batch, BatchesPage, Vendor } from './answers.ts';
import { ListEnd, Moment, Table, Who } from './parts.tsx';
import { useSay } from './speech.ts';
import { usePages } from './use-page.ts';

interface BatchesCardProps {
  readonly vendor: Vendor;
  readonly canClose: boolean;
  readonly wordsOf: (error: unknown) => string;
}

const KINDS = { sales: 'batchSales', banking: 'batchBanking' } as const;

export function BatchesCard({ vendor: { vendorId }, canClose, wordsOf }: BatchesCardProps) {
  const { say } = useSay();
  const [kind, setKind] = useState<Batch['kind']>('sales');
  const base = `/v1/vendors/${vendorId}/batches`;
  const pages = usePages<BatchesPage, Batch>(
    `${base}?kind=${kind}&limit=10`,
    'before',
    ({ batches }) => batches,
    wordsOf,
  );
  const close = async (fields: FormData) => {
    const reference = textOf(fields, 'reference');
    await call('POST', base, { batchId: crypto.randomUUID(), kind, reference });
    pages.lookAgain();
    return say('batchClosed');
  };
  return (
    <section class="card" aria-labelledby="batches">
      <h2 id="batches">{say('batches')}</h2>
      <label class="choice">
        {say('kind')}
        <select value={kind} onChange={(event) => setKind(event.currentTarget.value as Batch['kind'])}>
          {(['sales', 'banking'] as const).map((each) => (
            <option key={each} value={each}>
              {say(KINDS[each])}
            </option>
          ))}
        </select>
      </label>
      {canClose && (
        <Deed action={say('closeBatch')} onDo={close} wordsOf={wordsOf}>
          <label>
            {say('slip')}
            <input name="reference" autocomplete="off" maxLength={200} required={kind === 'banking'} />
          </label>
        </Deed>
      )}
      <Table caption={say('batches')} heads={[say('when'), say('by'), say('slip')]}>
        {pages.rows?.map((batch) => (
          <tr key={batch.batchId}>
            <td>
              <Moment at={batch.closedAt} />
            </td>
            <td>
              <Who principal={batch.closedBy} />
            </td>
            <td>{batch.reference}</td>
          </tr>
        ))}
      </Table>
      <ListEnd pages={pages} empty={say('noBatches')} />
    </section>
  );
}
