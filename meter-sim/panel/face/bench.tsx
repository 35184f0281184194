/** The meter with its words beneath it, the cards around it, and the keys of whoever keys by a keyboard. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { SupplyTrace, SwitchingTrace } from '../scope.ts';
import type { CardProps } from './act.ts';
import { EventsCard } from './cards/events-card.tsx';
import { FaultsCard } from './cards/faults-card.tsx';
import { Household } from './cards/household.tsx';
import { MainsCard } from './cards/mains-card.tsx';
import { ModuleCard } from './cards/module-card.tsx';
import { Readings } from './cards/readings.tsx';
import { TimeCard } from './cards/time-card.tsx';
import { keyOfEvent, keysOfText } from './keyboard.ts';
import type { LiveLine, MeterState } from './live.ts';
import { MeterPicture } from './meter/meter-picture.tsx';
import type { PulseClock } from './pulse.ts';
import { ScopePanel } from './scope/scope-panel.tsx';
import { useSay } from './speech.ts';
import { numberText, outcomeWords, supplyWords } from './words.ts';

interface BenchProps extends CardProps {
  readonly pulses: PulseClock;
  readonly line: LiveLine;
  /** There is no line: what stands here is of before. */
  readonly isStale: boolean;
  readonly switching: SwitchingTrace | undefined;
  readonly supply: SupplyTrace | undefined;
}

/** As long as a finger is seen on a key. */
const DOWN_MILLIS = 130;

export function Bench({ state, act, pulses, line, isStale, switching, supply }: BenchProps) {
  const [down, press] = usePresses(act);
  return (
    <main class={isStale ? 'bench stale' : 'bench'} aria-busy={isStale}>
      <div class="wall">
        <div class="hung">
          <MeterPicture state={state} act={act} pulses={pulses} down={down} onPress={press} />
          <Words state={state} />
        </div>
      </div>
      <div class="cards">
        <TimeCard state={state} act={act} pulses={pulses} />
        <Readings state={state} pulses={pulses} />
        <div class="column">
          <Household state={state} act={act} />
          <FaultsCard state={state} act={act} />
        </div>
        <div class="column">
          <MainsCard state={state} act={act} />
          <ModuleCard state={state} act={act} />
        </div>
        <EventsCard state={state} />
      </div>
      <div class="instruments">
        <ScopePanel line={line} switching={switching} supply={supply} state={state} />
      </div>
    </main>
  );
}

/** @returns the key that is seen down, and what presses one; the keyboard and the clipboard press too. */
function usePresses(act: CardProps['act']): readonly [string | undefined, (key: string) => void] {
  const [down, setDown] = useState<string | undefined>(undefined);
  const timer = useRef(0);
  const press = useCallback(
    (keys: string) => {
      act({ do: 'keys', keys });
      setDown(keys.at(-1));
      clearTimeout(timer.current);
      timer.current = window.setTimeout(() => setDown(undefined), DOWN_MILLIS);
    },
    [act],
  );
  useEffect(() => {
    const byKey = (event: KeyboardEvent) => {
      const key = keyOfEvent(event);
      if (key === undefined) return;
      event.preventDefault();
      press(key);
    };
    const byPaste = (event: ClipboardEvent) => {
      const keys = keysOfText(event);
      if (keys !== undefined) press(keys);
    };
    document.addEventListener('keydown', byKey);
    document.addEventListener('paste', byPaste);
    return () => {
      document.removeEventListener('keydown', byKey);
      document.removeEventListener('paste', byPaste);
    };
  }, [press]);
  return [down, press];
}

/** What the meter does, in words: for whoever does not read its short codes, and for a screen reader. */
function Words({ state }: { readonly state: MeterState }) {
  const { say, locale } = useSay();
  const { operateMicroTesla } = state.hallLimits;
  const field = state.hallPeakMicroTesla;
  return (
    <div class="words">
      <div role="status">
        <dl>
          <div>
            <dt>{say('supply')}</dt>
            <dd data-words="supply">{supplyWords(say, state)}</dd>
          </div>
          <div>
            <dt>{say('lastToken')}</dt>
            <dd data-words="token">{outcomeWords(say, state.lastResult)}</dd>
          </div>
        </dl>
      </div>
      <label class="field-meter">
        <span class="row wrap">
          <span class="grow">{say('field')}</span>
          <b class="digits" data-words="field">
            {numberText(field / 1_000, 1, locale)} mT
          </b>
          <small>{say('fieldLimit', { limit: numberText(operateMicroTesla / 1_000, 1, locale) })}</small>
        </span>
        {/* Twice the limit fills it: what matters is on which side of the middle it stands. */}
        <meter max={2 * operateMicroTesla} high={operateMicroTesla} optimum={0} value={field} />
      </label>
    </div>
  );
}
