/** The meter and what stands around it on the bench. */
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Spoken } from '../../../lib/pages/client/language.tsx';
import type { SupplyTrace, SwitchingTrace } from '../scope.ts';
import { LiveLine, type MeterState } from './live.ts';
import { ScopePanel } from './scope/scope-panel.tsx';
import { LANGUAGE_LABEL, useSay } from './speech.ts';

export function App() {
  return <Spoken label={LANGUAGE_LABEL}>{(languages) => <Bench languages={languages} />}</Spoken>;
}

function Bench({ languages }: { readonly languages: ComponentChildren }) {
  const { say } = useSay();
  const [state, setState] = useState<MeterState | undefined>(undefined);
  const [isOpen, setOpen] = useState(true);
  const [switching, setSwitching] = useState<SwitchingTrace | undefined>(undefined);
  const [supply, setSupply] = useState<SupplyTrace | undefined>(undefined);
  const [line, setLine] = useState<LiveLine | undefined>(undefined);
  useEffect(() => {
    setLine(new LiveLine({ state: setState, switching: setSwitching, supply: setSupply, line: setOpen }));
  }, []);
  useEffect(() => {
    document.title = `Wattoken – ${say('title')}`;
  });
  if (state === undefined || line === undefined) return null;
  return (
    <>
      <header class="bar">
        <strong>{say('title')}</strong>
        <span class="grow digits">{state.drn}</span>
        {languages}
      </header>
      <main class="bench">
        <p class="problem" role="alert">
          {isOpen ? '' : say('lost')}
        </p>
        <ScopePanel line={line} switching={switching} supply={supply} state={state} />
      </main>
    </>
  );
}
