/** What opens: the screws of the meter's own cover, the terminal cover, and the bay of the communications module. */
import type { ComponentChildren } from 'preact';
import type { MeterState } from '../live.ts';
import { useSay } from '../speech.ts';

interface PartProps {
  readonly label: string;
  readonly isPressed: boolean;
  readonly onClick: () => void;
  readonly class: string;
  readonly children: ComponentChildren;
}

/** A part of the drawing that a hand, or a key, can open and close. */
function Part({ label, isPressed, onClick, class: name, children }: PartProps) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a drawing knows no button
    <g
      role="button"
      tabindex={0}
      aria-label={label}
      aria-pressed={isPressed}
      class={`part ${name}`}
      onClick={onClick}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        onClick();
      }}
    >
      <title>{label}</title>
      {children}
    </g>
  );
}

function Screw({ x, y, isOut }: { readonly x: number; readonly y: number; readonly isOut: boolean }) {
  return (
    <g transform={`translate(${x} ${y})`} class={isOut ? 'screw out' : 'screw'}>
      <circle class="head" r="8" />
      <path class="cross" d="M-4 -4L4 4M-4 4L4 -4" />
    </g>
  );
}

interface OpeningProps {
  readonly state: MeterState;
  readonly onToggle: () => void;
}

export function MeterCoverScrews({ state, onToggle }: OpeningProps) {
  const { say } = useSay();
  const isOpen = state.covers.meter;
  return (
    <Part label={say('meterCover')} isPressed={isOpen} onClick={onToggle} class="cover-screws">
      <rect class="touch" x="22" y="22" width="356" height="38" />
      <Screw x={40} y={40} isOut={isOpen} />
      <Screw x={360} y={40} isOut={isOpen} />
    </Part>
  );
}

/** What is printed on the front. */
export function Plate({ drn }: { readonly drn: string }) {
  return (
    <g class="print">
      <text class="brand" x="64" y="47">
        WATTOKEN
      </text>
      <text class="plate" x="336" y="37" text-anchor="end">
        230 V · 5(100) A · Cl. 1
      </text>
      <text class="plate" x="336" y="51" text-anchor="end">
        {drn}
      </text>
    </g>
  );
}

const TERMINALS = [
  { x: 84, label: '1 L', wire: 'live' },
  { x: 161, label: '3 L', wire: 'live' },
  { x: 239, label: '4 N', wire: 'neutral' },
  { x: 316, label: '6 N', wire: 'neutral' },
] as const;

/** The terminals with the wires of grid and house, as they are seen when the cover is off. */
export function Terminals({ state }: { readonly state: MeterState }) {
  const { isNeutralCut, isReversed, bypassShare } = state.wiring;
  return (
    <g class="terminals">
      <rect class="block" x="24" y="440" width="352" height="100" rx="10" />
      {TERMINALS.map(({ x, label, wire }, place) => (
        <g key={label} transform={`translate(${x} 0)`}>
          <path
            class={`wire ${wire}`}
            d={isNeutralCut && place === 2 ? 'M0 520V548M0 566V612' : 'M0 520V612'}
          />
          <rect class="brass" x="-17" y="462" width="34" height="62" rx="4" />
          <circle class="brass-screw" cy="480" r="9" />
          <path class="slot" d="M-6 480H6" />
          <text class="terminal" y="514">
            {label}
          </text>
        </g>
      ))}
      <path class="pole" d="M84 622V648M70 630H98M76 626V634M92 626V634" />
      <path class="pole" d="M146 636L161 622 176 636M150 632V648H172V632" />
      {bypassShare > 0 && <path class="wire live" d="M84 600C84 640 161 640 161 600" />}
      {isReversed && <path class="arrows" d="M104 584H141M112 578L104 584 112 590" />}
      {!isReversed && <path class="arrows" d="M104 584H141M133 578L141 584 133 590" />}
    </g>
  );
}

export function TerminalCover({ state, onToggle }: OpeningProps) {
  const { say } = useSay();
  const isOpen = state.covers.terminal;
  return (
    <Part
      label={say('terminalCover')}
      isPressed={isOpen}
      onClick={onToggle}
      class={isOpen ? 'terminal-cover open' : 'terminal-cover'}
    >
      <rect class="lid" x="16" y="436" width="368" height="108" rx="12" />
      <Screw x={44} y={490} isOut={isOpen} />
      <Screw x={356} y={490} isOut={isOpen} />
      <path class="seal" d="M52 494C60 512 66 512 70 504" />
      <circle class="seal-lead" cx="71" cy="500" r="5" />
      <path class="diagram" d="M140 516V474H188M212 474H260V516M188 474L210 464M196 516V498H236V516" />
    </Part>
  );
}

export function ModuleBay({ state, onToggle }: OpeningProps) {
  const { say } = useSay();
  const { module } = state;
  const label =
    module === null ? say('bayEmpty') : say('bayTaken', { id: module.id.slice(-2).toUpperCase() });
  return (
    <Part label={label} isPressed={module !== null} onClick={onToggle} class="bay">
      <rect class="slot-back" x="296" y="216" width="74" height="140" rx="8" />
      <path class="contacts" d="M310 226V236M320 226V236M330 226V236M340 226V236M350 226V236" />
      {module !== null && (
        <g class={module.isLinked ? 'module linked' : 'module'}>
          <rect class="shell" x="301" y="232" width="64" height="118" rx="6" />
          <path
            class="antenna"
            d="M333 256V286M322 262C316 268 316 276 322 282M344 262C350 268 350 276 344 282"
          />
          <circle class="link" cx="333" cy="308" r="5" />
          <text x="333" y="336">
            {module.id.slice(-2).toUpperCase()}
          </text>
        </g>
      )}
    </Part>
  );
}
