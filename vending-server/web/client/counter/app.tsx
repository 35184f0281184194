/** The counter behind its door: a seller and the vendor for whom he sells. */
import type { ComponentChildren } from 'preact';
import { Spoken } from '../../../../lib/pages/client/language.tsx';
import { call, Refusal } from '../api.ts';
import { Door } from '../door.tsx';
import type { Session } from '../session.ts';
import { LANGUAGE_LABEL } from '../speaking.ts';
import type { Vendor } from './answers.ts';
import { Counter } from './counter.tsx';
import { useSay } from './speech.ts';

export function App() {
  return <Spoken label={LANGUAGE_LABEL}>{(languages) => <CounterDoor languages={languages} />}</Spoken>;
}

function CounterDoor({ languages }: { readonly languages: ComponentChildren }) {
  const { say } = useSay();
  const vendorOf = (session: Session) => {
    if (session.vendorId === null || !session.permissions.includes('sale.make'))
      throw new Refusal(403, { code: 'permission_denied', detail: say('notASeller'), outcome: 'none' });
    return call<Vendor>('GET', `/v1/vendors/${session.vendorId}`);
  };
  return (
    <Door title={say('title')} languages={languages} onEnter={async (session) => vendorOf(session)}>
      {(visit) => (
        <Counter visit={visit} onSold={async () => visit.setEntered(await vendorOf(visit.session))} />
      )}
    </Door>
  );
}
