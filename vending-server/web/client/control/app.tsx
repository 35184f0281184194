/** The control room behind its door: the utility's people, and a vendor's supervisor for his own. */
import type { ComponentChildren } from 'preact';
import { Spoken } from '../../../../lib/pages/client/language.tsx';
import { Refusal } from '../api.ts';
import { Door } from '../door.tsx';
import type { Session } from '../session.ts';
import { LANGUAGE_LABEL } from '../speaking.ts';
import { Room } from './room.tsx';
import { sectionsFor } from './sections.ts';
import { useSay } from './speech.ts';

export function App() {
  return <Spoken label={LANGUAGE_LABEL}>{(languages) => <RoomDoor languages={languages} />}</Spoken>;
}

function RoomDoor({ languages }: { readonly languages: ComponentChildren }) {
  const { say } = useSay();
  const enter = async (session: Session) => {
    if (sectionsFor(session).length > 0) return;
    throw new Refusal(403, { code: 'permission_denied', detail: say('nothingHere'), outcome: 'none' });
  };
  return (
    <Door title={say('title')} languages={languages} onEnter={enter}>
      {(visit) => <Room visit={visit} />}
    </Door>
  );
}
