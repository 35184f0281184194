/** What breaks in a meter. */
import { useState } from 'preact/hooks';
import type { CardProps } from '../act.ts';
import { useSay } from '../speech.ts';

/** In the middle of a page of the EEPROM. */
const TORN_AT_BYTE = 20;
const STUCK_KEY = '5';

export function FaultsCard({ state, act }: CardProps) {
  const { say } = useSay();
  const [hasFinger, setFinger] = useState(false);
  const { isWelded, celsius } = state.contact;
  const hold = (isDown: boolean) => {
    setFinger(isDown);
    act({ do: 'key', key: STUCK_KEY, isDown });
  };
  return (
    <section class="card" aria-labelledby="faults">
      <div class="row">
        <h2 id="faults" class="grow">
          {say('faults')}
        </h2>
        <small class="digits">
          {say('resets')}: {state.supply.resets}
        </small>
      </div>
      <div class="small-buttons">
        <button type="button" onClick={() => act({ do: 'fault', fault: { kind: 'reset' } })}>
          {say('reset')}
        </button>
        <button
          type="button"
          onClick={() => act({ do: 'fault', fault: { kind: 'torn-write', byte: TORN_AT_BYTE } })}
        >
          {say('tornWrite')}
        </button>
      </div>
      <label class="tick">
        <input
          type="checkbox"
          checked={!state.isBatteryGood}
          onChange={(event) =>
            act({ do: 'fault', fault: { kind: 'battery', isGood: !event.currentTarget.checked } })
          }
        />
        {say('battery')}
      </label>
      <label class="tick">
        <input
          type="checkbox"
          checked={isWelded}
          onChange={(event) =>
            act({ do: 'fault', fault: { kind: 'weld', isWelded: event.currentTarget.checked } })
          }
        />
        {say('weld')}
      </label>
      <label class="tick">
        <input type="checkbox" checked={hasFinger} onChange={(event) => hold(event.currentTarget.checked)} />
        {say('stuckKey')}
      </label>
      <label>
        <span class="row">
          <span class="grow">{say('temperature')}</span>
          <b class="digits">{Math.round(celsius)} °C</b>
        </span>
        <input
          type="range"
          min={-20}
          max={70}
          value={Math.round(celsius)}
          aria-valuetext={`${Math.round(celsius)} °C`}
          onInput={(event) => act({ do: 'temperature', celsius: Number(event.currentTarget.value) })}
        />
      </label>
    </section>
  );
}
