/** The grid before the meter, and how somebody has wired it. */
import type { PanelCommand } from '../../commands.ts';
import type { CardProps } from '../act.ts';
import { useSay } from '../speech.ts';
import type { TextKey } from '../text-english.ts';

const DISTURBANCES: readonly { readonly title: TextKey; readonly command: PanelCommand }[] = [
  { title: 'dip70', command: { do: 'dip', residualPercent: 70, micros: 200_000 } },
  { title: 'dip40', command: { do: 'dip', residualPercent: 40, micros: 1_000_000 } },
  { title: 'gap', command: { do: 'dip', residualPercent: 0, micros: 100_000 } },
  { title: 'surge', command: { do: 'surge', volt: 300, micros: 10_000_000 } },
];

const SHARES = [0, 0.5, 1] as const;
const BEHIND = ['none', 'bypass', 'generator'] as const;
const GENERATOR_VOLT = 225;
const VOLT_STEP = 5;

export function MainsCard({ state, act }: CardProps) {
  const { say, locale } = useSay();
  return (
    <section class="card" aria-labelledby="mains">
      <h2 id="mains">{say('mains')}</h2>
      <div class="row wrap">
        <button
          type="button"
          role="switch"
          class="switch"
          aria-checked={state.mainsOn}
          onClick={() => act({ do: 'mains', on: !state.mainsOn })}
        >
          <span class="knob" aria-hidden="true" />
          {say('mainsSwitch')} <b>{say(state.mainsOn ? 'on' : 'off')}</b>
        </button>
        <b class="digits grow end">{Math.round(state.grid.volt).toLocaleString(locale)} V</b>
      </div>
      <label>
        <span class="row">
          <span class="grow">{say('setVoltage')}</span>
          <b class="digits">{Math.round(state.grid.setVolt)} V</b>
        </span>
        <input
          type="range"
          min={0}
          max={400}
          step={VOLT_STEP}
          value={state.grid.setVolt}
          aria-valuetext={`${Math.round(state.grid.setVolt)} V`}
          onInput={(event) => act({ do: 'voltage', volt: Number(event.currentTarget.value) })}
        />
      </label>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset has a frame that nobody needs here */}
      <div class="small-buttons" role="group" aria-label={say('disturb')}>
        {DISTURBANCES.map(({ title, command }) => (
          <button key={title} type="button" onClick={() => act(command)}>
            {say(title)}
          </button>
        ))}
      </div>
      <Wires state={state} act={act} />
    </section>
  );
}

function Wires({ state, act }: CardProps) {
  const { say } = useSay();
  const { wiring, loadSide } = state;
  const wire = (change: Partial<typeof wiring>) => act({ do: 'wiring', ...change });
  const behind = (kind: (typeof BEHIND)[number]) =>
    act({
      do: 'load-side',
      source: kind === 'generator' ? { kind, voltRms: GENERATOR_VOLT } : { kind },
    });
  const shares = SHARES.map((share) => (
    <option key={share} value={share}>
      {say(`share${(share * 100) as 0 | 50 | 100}`)}
    </option>
  ));
  return (
    <div class="wires">
      <label>
        {say('bypass')}
        <select
          value={wiring.bypassShare}
          onChange={(event) => wire({ bypassShare: Number(event.currentTarget.value) })}
        >
          {shares}
        </select>
      </label>
      <label>
        {say('earth')}
        <select
          value={wiring.earthShare}
          onChange={(event) => wire({ earthShare: Number(event.currentTarget.value) })}
        >
          {shares}
        </select>
      </label>
      <label>
        {say('behind')}
        <select
          value={loadSide.kind}
          onChange={(event) => behind(event.currentTarget.value as (typeof BEHIND)[number])}
        >
          {BEHIND.map((kind) => (
            <option key={kind} value={kind}>
              {say(`behind-${kind}`)}
            </option>
          ))}
        </select>
      </label>
      <label class="tick">
        <input
          type="checkbox"
          checked={wiring.isReversed}
          onChange={(event) => wire({ isReversed: event.currentTarget.checked })}
        />
        {say('reversed')}
      </label>
      <label class="tick">
        <input
          type="checkbox"
          checked={wiring.isNeutralCut}
          onChange={(event) => wire({ isNeutralCut: event.currentTarget.checked })}
        />
        {say('neutralCut')}
      </label>
    </div>
  );
}
