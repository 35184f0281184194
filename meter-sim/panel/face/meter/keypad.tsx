/** Twelve keys under a finger, and as one stop of the tabulator: arrows go from key to key. */
import { useRef, useState } from 'preact/hooks';
import { useSay } from '../speech.ts';

interface KeypadProps {
  /** The key that is down at the moment. */
  readonly down: string | undefined;
  readonly onPress: (key: string) => void;
}

const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'];
const COLUMNS = 3;
const WIDTH = 74;
const HEIGHT = 47;
const GAP = 8;
const LEFT = 40;
const TOP = 218;
const GLYPHS: Readonly<Record<string, string>> = {
  '*': 'M-12 0L-4 -8H12V8H-4zM0 -3.4L6.8 3.4M6.8 -3.4L0 3.4',
  '#': 'M11 -8V2H-10M-4.4 -4L-10.4 2 -4.4 8',
};
const STEPS: Readonly<Record<string, number>> = {
  ArrowLeft: -1,
  ArrowRight: 1,
  ArrowUp: -COLUMNS,
  ArrowDown: COLUMNS,
};

export function Keypad({ down, onPress }: KeypadProps) {
  const { say } = useSay();
  const [stop, setStop] = useState(0);
  const places = useRef<(SVGGElement | null)[]>([]);
  const move = (event: KeyboardEvent, from: number) => {
    const to = from + (STEPS[event.key] ?? 0);
    if (to === from || to < 0 || to >= KEYS.length) return;
    event.preventDefault();
    setStop(to);
    places.current[to]?.focus();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a drawing knows no fieldset
    // biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: a group of a drawing takes no finger
    <g role="group" aria-label={say('keypad')}>
      {KEYS.map((key, place) => (
        // biome-ignore lint/a11y/useSemanticElements: a drawing knows no button
        <g
          key={key}
          role="button"
          tabindex={place === stop ? 0 : -1}
          aria-label={nameOf(key, say)}
          class={down === key ? 'key down' : 'key'}
          data-key={key}
          transform={`translate(${LEFT + (place % COLUMNS) * (WIDTH + GAP)} ${TOP + Math.floor(place / COLUMNS) * (HEIGHT + GAP)})`}
          ref={(element) => {
            places.current[place] = element;
          }}
          onClick={() => {
            setStop(place);
            onPress(key);
          }}
          onKeyDown={(event) => {
            move(event, place);
            if (event.key !== 'Enter' && event.key !== ' ') return;
            event.preventDefault();
            if (!event.repeat) onPress(key);
          }}
        >
          <rect class="well" x="-2" y="-2" width={WIDTH + 4} height={HEIGHT + 6} rx="10" />
          <g class="cap">
            <rect class="top" width={WIDTH} height={HEIGHT} rx="8" />
            {key in GLYPHS ? (
              <path class="sign" d={GLYPHS[key]} transform={`translate(${WIDTH / 2} ${HEIGHT / 2})`} />
            ) : (
              <text x={WIDTH / 2} y={HEIGHT / 2 + 8}>
                {key}
              </text>
            )}
          </g>
        </g>
      ))}
    </g>
  );
}

function nameOf(key: string, say: ReturnType<typeof useSay>['say']): string {
  if (key === '*') return say('keyBack');
  return key === '#' ? say('keyEnter') : key;
}
