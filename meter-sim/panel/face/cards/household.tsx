/** The things of the household: each is switched on and off by itself. */
import type { NamedAppliance } from '../../bench-view.ts';
import type { CardProps } from '../act.ts';
import { useSay } from '../speech.ts';
import { THINGS, type Thing } from '../things.ts';
import { numberText } from '../words.ts';

type Asked = Thing['draws'];

/** What is on, as a command asks for it; what nobody named stays one load of its power. */
function askedFor(appliance: NamedAppliance): Asked | { readonly kind: 'resistive'; readonly watt: number } {
  const known = THINGS.find(({ draws }) => draws.name === appliance.name);
  return known?.draws ?? { kind: 'resistive', watt: appliance.watt };
}

export function Household({ state, act }: CardProps) {
  const { say, locale } = useSay();
  const { appliances } = state;
  const others = appliances.filter(({ name }) => !THINGS.some(({ draws }) => draws.name === name));
  const otherWatts = others.reduce((sum, { watt }) => sum + watt, 0);
  const isFed = state.instant.isContactClosed && state.grid.volt > 0;
  const toggle = ({ draws }: Thing, isOn: boolean) =>
    act(isOn ? { do: 'switch-off', name: draws.name } : { do: 'switch-on', appliance: draws });
  const dropOthers = () =>
    act({ do: 'appliances', appliances: appliances.filter((each) => !others.includes(each)).map(askedFor) });
  return (
    <section class="card" aria-labelledby="household">
      <div class="row wrap">
        <h2 id="household" class="grow">
          {say('household')}
        </h2>
        <span class="digits">
          {say('drawsTotal')} <b>{numberText(state.loadWatts, 0, locale)} W</b>
        </span>
      </div>
      <div class={isFed ? 'things fed' : 'things'}>
        {THINGS.map((thing) => {
          const isOn = appliances.some(({ name }) => name === thing.draws.name);
          const watts = numberText(
            thing.draws.kind === 'feed' ? -thing.draws.watt : thing.draws.watt,
            0,
            locale,
          );
          return (
            <button
              key={thing.title}
              type="button"
              class="thing"
              aria-pressed={isOn}
              onClick={() => toggle(thing, isOn)}
            >
              <svg viewBox="0 0 32 32" aria-hidden="true">
                <path d={thing.picture} />
              </svg>
              <span>{say(thing.title)}</span>
              <small>{watts} W</small>
            </button>
          );
        })}
        <button
          type="button"
          class="thing"
          aria-pressed={others.length > 0}
          disabled={others.length === 0}
          onClick={dropOthers}
        >
          <svg viewBox="0 0 32 32" aria-hidden="true">
            <path d="M11 3V10M21 3V10M8 10H24V15C24 20 20 22 16 22S8 20 8 15zM16 22V29" />
          </svg>
          <span>{say('other')}</span>
          <small>{numberText(otherWatts, 0, locale)} W</small>
        </button>
      </div>
    </section>
  );
}
