/** The lamps beside the glass: the calibrated light, supply, low credit. */
import { useEffect, useRef } from 'preact/hooks';
import type { MeterState } from '../live.ts';
import type { PulseClock } from '../pulse.ts';
import { useSay } from '../speech.ts';

interface LampsProps {
  readonly state: MeterState;
  readonly pulses: PulseClock;
}

export function Lamps({ state, pulses }: LampsProps) {
  const { say } = useSay();
  const light = useRef<SVGGElement>(null);
  useEffect(() => {
    let frame = 0;
    // Drawn by itself sixty times a second; the rest of the page has no need of that.
    const draw = () => {
      frame = requestAnimationFrame(draw);
      const now = pulses.lightAt(performance.now());
      if (light.current !== null && light.current.dataset['light'] !== now)
        light.current.dataset['light'] = now;
    };
    draw();
    return () => cancelAnimationFrame(frame);
  }, [pulses]);
  const isOn = state.relay === 'closed' || state.relay === 'opening';
  const supply = state.powered ? (isOn ? 'lit' : 'flashing') : 'dark';
  const low = state.glass.icons.includes('low-credit-lamp') ? 'flashing' : 'dark';
  return (
    <g class="lamps">
      <g ref={light} class="lamp red" data-light="dark" transform="translate(52 192)">
        <Bulb name={`${state.led.impulsesPerKwh} imp/kWh`} />
      </g>
      <g class="lamp green" data-light={supply} transform="translate(184 192)">
        <Bulb name={say('lampSupply')} />
      </g>
      <g class="lamp amber" data-light={low} transform="translate(276 192)">
        <Bulb name={say('lampLow')} />
      </g>
    </g>
  );
}

function Bulb({ name }: { readonly name: string }) {
  return (
    <>
      <circle class="bulb" r="6.5" />
      <text x="13" y="4">
        {name}
      </text>
    </>
  );
}
