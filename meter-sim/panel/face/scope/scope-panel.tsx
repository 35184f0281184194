/** What the oscilloscope sees of the meter: its switchings, its supply at a loss of the mains, and the wear of its memory. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { ScopeView } from '../../bench-view.ts';
import type { SupplyTrace, SwitchingTrace } from '../../scope.ts';
import type { LiveLine, MeterState } from '../live.ts';
import { ask } from './ask.ts';
import { SupplySection } from './supply-section.tsx';
import { SwitchingSection } from './switching-section.tsx';
import { WearSection } from './wear-section.tsx';

interface ScopePanelProps {
  readonly line: LiveLine;
  /** The last that came over the line; what came before it is asked for. */
  readonly switching: SwitchingTrace | undefined;
  readonly supply: SupplyTrace | undefined;
  readonly state: MeterState;
}

/** As many as the meter keeps. */
const KEPT = 20;

export function ScopePanel({ line, switching, supply, state }: ScopePanelProps) {
  const { speed, simulatedMicros } = state;
  const happened = switching?.number;
  const { switchings, supplies } = useTraces(switching, supply, simulatedMicros);
  // The state comes ten times a second, and most of it is nothing to these pictures.
  const first = useMemo(
    () => <SwitchingSection line={line} switchings={switchings} happened={happened} speed={speed} />,
    [line, switchings, happened, speed],
  );
  const second = useMemo(() => <SupplySection supplies={supplies} />, [supplies]);
  const third = useMemo(() => <WearSection />, []);
  return (
    <>
      {first}
      {second}
      {third}
    </>
  );
}

const NONE: ScopeView = { switchings: [], supplies: [] };

/** All that the meter keeps: asked for at first, when it has started anew, and when the line was lost for a while. */
function useTraces(
  switching: SwitchingTrace | undefined,
  supply: SupplyTrace | undefined,
  simulatedMicros: number,
): ScopeView {
  const [traces, setTraces] = useState(NONE);
  const [starts, setStarts] = useState(0);
  const before = useRef(0);
  useEffect(() => {
    if (simulatedMicros < before.current) setStarts((count) => count + 1);
    before.current = simulatedMicros;
  }, [simulatedMicros]);
  const last = Math.max(0, ...[...traces.switchings, ...traces.supplies].map(({ number }) => number));
  const come = [switching, supply].filter((trace) => trace !== undefined && trace.number > last);
  const isMissed = come.some((trace) => trace !== undefined && trace.number > last + come.length);
  // Each of these is a reason to ask again.
  useEffect(() => {
    void ask('scope').then((all) => all && setTraces(all));
  }, [starts, isMissed]);
  useEffect(() => {
    if (switching === undefined) return;
    setTraces((kept) => ({ ...kept, switchings: joined(kept.switchings, switching) }));
  }, [switching]);
  useEffect(() => {
    if (supply === undefined) return;
    setTraces((kept) => ({ ...kept, supplies: joined(kept.supplies, supply) }));
  }, [supply]);
  return traces;
}

/** In order of their numbers, each once, the last of them. */
function joined<Trace extends { readonly number: number }>(
  kept: readonly Trace[],
  one: Trace,
): readonly Trace[] {
  if (kept.some(({ number }) => number === one.number)) return kept;
  return [...kept, one].sort((a, b) => a.number - b.number).slice(-KEPT);
}
