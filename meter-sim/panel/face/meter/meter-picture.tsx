/** The meter on its wall, drawn to be recognised: what a hand can touch there, it can touch here. */
import type { Act } from '../act.ts';
import type { MeterState } from '../live.ts';
import type { PulseClock } from '../pulse.ts';
import { useSay } from '../speech.ts';
import { MODULES } from '../things.ts';
import { MeterCoverScrews, ModuleBay, Plate, TerminalCover, Terminals } from './covers.tsx';
import { Glass } from './glass.tsx';
import { Keypad } from './keypad.tsx';
import { Lamps } from './lamps.tsx';
import { Magnet } from './magnet.tsx';

interface MeterPictureProps {
  readonly state: MeterState;
  readonly act: Act;
  readonly pulses: PulseClock;
  readonly down: string | undefined;
  readonly onPress: (key: string) => void;
}

export function MeterPicture({ state, act, pulses, down, onPress }: MeterPictureProps) {
  const { say } = useSay();
  const toggle = (cover: 'meter' | 'terminal') => () =>
    act({ do: 'cover', cover, isOpen: !state.covers[cover] });
  const toggleModule = () =>
    act(state.module === null ? { do: 'plug', moduleId: MODULES[0] } : { do: 'unplug' });
  return (
    // biome-ignore lint/a11y/useSemanticElements: a drawing knows no fieldset
    <svg class="meter" viewBox="0 0 400 740" role="group" aria-label={say('meterOf', { drn: state.drn })}>
      <defs>
        <linearGradient id="case" x1="0" y1="0" x2="0" y2="1">
          <stop offset="0" stop-color="#f6f4ee" />
          <stop offset="1" stop-color="#d9d6ca" />
        </linearGradient>
        <linearGradient id="lcd" x1="0" y1="0" x2="1" y2="1">
          <stop offset="0" stop-color="#c7d3b2" />
          <stop offset="1" stop-color="#aebd98" />
        </linearGradient>
      </defs>
      <rect class="back" x="24" y="24" width="352" height="420" rx="16" />
      <path
        class="tracks"
        d="M60 430H180V400M200 430H330V404M90 424V380M250 424V390M48 60V400M352 60V400M120 436H280"
      />
      <Terminals state={state} />
      <g class={state.covers.meter ? 'front open' : 'front'}>
        <rect class="case" x="16" y="16" width="368" height="424" rx="18" />
        <Plate drn={state.drn} />
        <MeterCoverScrews state={state} onToggle={toggle('meter')} />
        <Glass state={state} />
        <Lamps state={state} pulses={pulses} />
        <Keypad down={down} onPress={onPress} />
        <ModuleBay state={state} onToggle={toggleModule} />
        <g class="buzzer" transform="translate(333 396)">
          <circle class="grille" r="25" />
          <path
            class="holes"
            d="M-12 -8h.1M-4 -8h.1M4 -8h.1M12 -8h.1M-12 0h.1M-4 0h.1M4 0h.1M12 0h.1M-12 8h.1M-4 8h.1M4 8h.1M12 8h.1"
          />
          {state.buzzer.isSounding && (
            <path class="holes waves" d="M-31 -10A34 34 0 0 0 -31 10M31 -10A34 34 0 0 1 31 10" />
          )}
        </g>
      </g>
      <TerminalCover state={state} onToggle={toggle('terminal')} />
      <Magnet state={state} act={act} />
    </svg>
  );
}
