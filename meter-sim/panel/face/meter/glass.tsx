/** The display: sixteen cells drawn by their lit segments, and a row of icons; for a screen reader one image with its words. */
import type { MeterState } from '../live.ts';
import { useSay } from '../speech.ts';
import { iconWord } from '../words.ts';
import { GLASS_ICONS, ICON_STROKES } from './icons.ts';
import { ALL_STROKES, strokesOf } from './segments.ts';

const LEFT = 50;
const CELL_PITCH = 19;
const CELL_TOP = 116;
const ICON_PITCH = 23.6;
const ICON_TOP = 80;

export function Glass({ state }: { readonly state: MeterState }) {
  const { say } = useSay();
  const { text, segments, icons } = state.glass;
  const words = icons.map((icon) => say(iconWord(icon)));
  const label = state.powered
    ? say('glassReads', { text: text.trim(), icons: words.join(', ') })
    : say('glassDark');
  return (
    // biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: a group of a drawing takes no finger
    <g role="img" aria-label={label} class={state.powered ? 'glass' : 'glass dark'} data-text={text}>
      <rect class="bezel" x="34" y="66" width="332" height="104" rx="9" />
      <rect class="lcd" x="42" y="74" width="316" height="88" rx="4" />
      {GLASS_ICONS.map((icon, place) => (
        <path
          key={icon}
          class={icons.includes(icon) ? 'icon lit' : 'icon'}
          data-icon={icon}
          transform={`translate(${LEFT + place * ICON_PITCH} ${ICON_TOP})`}
          d={ICON_STROKES[icon]}
        />
      ))}
      {segments.map((letters, place) => (
        <g key={place} transform={`translate(${LEFT + place * CELL_PITCH} ${CELL_TOP})`}>
          <path class="ghost" d={ALL_STROKES} />
          <path class="segment" d={strokesOf(letters)} />
        </g>
      ))}
    </g>
  );
}
