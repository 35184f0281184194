/** What the oscilloscope caught: the last switching, and the rail at the last loss of the mains. */
import type { SupplyTrace, SwitchingTrace } from '../../scope.ts';
import type { LiveLine, MeterState } from '../live.ts';
import { useSay } from '../speech.ts';

interface ScopePanelProps {
  readonly line: LiveLine;
  readonly switching: SwitchingTrace | undefined;
  readonly supply: SupplyTrace | undefined;
  readonly state: MeterState;
}

export function ScopePanel({ switching, supply }: ScopePanelProps) {
  const { say } = useSay();
  return (
    <section class="card" aria-labelledby="scope">
      <h2 id="scope">{say('scope')}</h2>
      <p>{switching?.number}</p>
      <p>{supply?.number}</p>
    </section>
  );
}
