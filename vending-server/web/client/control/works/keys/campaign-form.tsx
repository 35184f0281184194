import { useState } from 'preact/hooks';
import { call } from '../../../api.ts';
import { ActForm, type Values } from '../act-form.tsx';
import { useSay } from './speech.ts';

interface Batch {
  readonly looked: number;
  readonly changed: number;
  readonly refused: number;
  readonly next: string | null;
}

interface CampaignFormProps {
  readonly supplyGroupCode: string;
  readonly words: (error: unknown) => string;
  readonly onDone: () => void;
}

/** The server takes a batch at a time, so that sales go on; a page that is closed in between can begin again. */
export function CampaignForm({ supplyGroupCode, words, onDone }: CampaignFormProps) {
  const { say } = useSay();
  const [looked, setLooked] = useState(0);
  const start = async ({ group, tariffIndex, fromTariffIndex }: Values): Promise<string> => {
    const total = { looked: 0, changed: 0, refused: 0 };
    const body = {
      wantedKey: { supplyGroupCode: group, tariffIndex: Number(tariffIndex) },
      ...(fromTariffIndex === '' ? {} : { fromTariffIndex: Number(fromTariffIndex) }),
    };
    for (let after: string | null = ''; after !== null; ) {
      const place: object = after === '' ? {} : { after };
      const path = `/v1/supply-groups/${supplyGroupCode}/wanted-key`;
      const batch: Batch = await call<Batch>('POST', path, { ...body, ...place });
      total.looked += batch.looked;
      total.changed += batch.changed;
      total.refused += batch.refused;
      setLooked(total.looked);
      after = batch.next;
    }
    setLooked(0);
    onDone();
    return say('started', total);
  };
  const index = { kind: 'whole', least: 0, most: 99 } as const;
  return (
    <>
      <p class="hint">{say('campaignHint')}</p>
      <ActForm
        id={`campaign-${supplyGroupCode}`}
        fields={[
          { name: 'group', label: say('supplyGroup'), value: supplyGroupCode, length: 6 },
          { name: 'tariffIndex', label: say('tariffIndex'), ...index },
          { name: 'fromTariffIndex', label: say('fromTariffIndex'), isOptional: true, ...index },
        ]}
        action={say('start')}
        act={start}
        words={words}
      />
      <p role="status">{looked > 0 ? say('lookedAt', { looked }) : ''}</p>
    </>
  );
}
