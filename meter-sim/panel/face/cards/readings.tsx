/** What the registers say. */
import type { MeterState } from '../live.ts';
import type { PulseClock } from '../pulse.ts';
import { useSay } from '../speech.ts';
import { kwhText, numberText } from '../words.ts';

interface ReadingsProps {
  readonly state: MeterState;
  readonly pulses: PulseClock;
}

export function Readings({ state, pulses }: ReadingsProps) {
  const { say, locale } = useSay();
  const inUnits = (milli: number | null, digits: number, unit: string) =>
    milli === null ? '–' : `${numberText(milli / 1_000, digits, locale)} ${unit}`;
  const exported = state.exportKwh === null ? null : Math.round(Number(state.exportKwh) * 1e6);
  const offer = state.credit?.emergencyOffer ?? 0;
  const tampers = state.tamper?.latched ?? [];
  return (
    <section class="card whole" aria-labelledby="readings">
      <h2 id="readings">{say('readings')}</h2>
      <dl class="readings">
        <Reading
          title={say('balance')}
          name="balance"
          text={`${kwhText(state.balanceMilliWh, locale)} kWh`}
        />
        <Reading title={say('power')} name="power" text={inUnits(state.powerMilliWatt, 0, 'W')} />
        <Reading title={say('voltage')} name="voltage" text={inUnits(state.voltageMilliVolt, 1, 'V')} />
        <Reading title={say('current')} name="current" text={inUnits(state.currentMilliAmp, 2, 'A')} />
        <Reading title={say('total')} name="total" text={`${kwhText(state.totalMilliWh, locale)} kWh`} />
        <Reading title={say('exported')} name="exported" text={`${kwhText(exported, locale)} kWh`} />
        <Reading title={say('relay')} name="relay" text={relayWord(state, say)} />
        <Reading
          title={say('operations')}
          name="operations"
          text={numberText(state.contact.operations, 0, locale)}
        />
        <Reading title={say('pulses')} name="pulses" text={numberText(pulses.perSecond, 2, locale)} />
        <Reading
          title={say('emergency')}
          name="emergency"
          text={say(offer > 0 ? 'emergencyOffered' : 'emergencyNone')}
        />
        <div class="row-wide">
          <dt>{say('tampers')}</dt>
          <dd data-reading="tampers">
            {tampers.map((kind) => say(`tamper-${kind}`)).join(', ') || say('tampersNone')}
          </dd>
        </div>
      </dl>
    </section>
  );
}

function Reading({
  title,
  name,
  text,
}: {
  readonly title: string;
  readonly name: string;
  readonly text: string;
}) {
  return (
    <div>
      <dt>{title}</dt>
      <dd class="digits" data-reading={name}>
        {text}
      </dd>
    </div>
  );
}

function relayWord({ relay }: MeterState, say: ReturnType<typeof useSay>['say']): string {
  switch (relay) {
    case null:
      return '–';
    case 'closed':
      return say('relayClosed');
    case 'open':
      return say('relayOpen');
    case 'malfunction':
      return say('relayFault');
    default:
      return say('relayMoving');
  }
}
