/** The event log, asked for again whenever the meter says that a group has a newer event. */
import { useEffect, useState } from 'preact/hooks';
import type { LoggedEvent } from '../../../firmware/event-log.ts';
import { EVENT_GROUPS, type EventGroup } from '../../../firmware/events.ts';
import { SWITCH_COMMANDS } from '../../../firmware/switch-commands.ts';
import type { EventsView } from '../../bench-view.ts';
import type { MeterState } from '../live.ts';
import { useSay } from '../speech.ts';

/** At full speed events come faster than anybody reads. */
const ASK_MILLIS = 300;

export function EventsCard({ state }: { readonly state: MeterState }) {
  const { say } = useSay();
  const [events, setEvents] = useState<EventsView | undefined>(undefined);
  const [group, setGroup] = useState<EventGroup>('tamper');
  const { newestEvents } = state;
  const newest = newestEvents === null ? '' : EVENT_GROUPS.map((each) => newestEvents[each]).join();
  const isKnown =
    events !== undefined && newest === EVENT_GROUPS.map((each) => events[each][0]?.number ?? 0).join();
  // A dark meter tells nothing: what was read before stays.
  const mustAsk = newest !== '' && !isKnown;
  useEffect(() => {
    if (!mustAsk) return;
    const ask = () =>
      fetch('/v1/meter/events')
        .then((reply) => (reply.ok ? reply.json() : undefined))
        .then((told: EventsView | undefined) => told !== undefined && setEvents(told))
        .catch(() => undefined);
    const timer = setInterval(() => void ask(), ASK_MILLIS);
    return () => clearInterval(timer);
  }, [mustAsk]);
  const shown = events?.[group] ?? [];
  return (
    <section class="card whole" aria-labelledby="events">
      <h2 id="events">{say('events')}</h2>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset has a frame that nobody needs here */}
      <div class="small-buttons" role="group" aria-labelledby="events">
        {EVENT_GROUPS.map((each) => (
          <button key={each} type="button" aria-pressed={group === each} onClick={() => setGroup(each)}>
            {say(`group-${each}`)} <small class="digits">{newestEvents?.[each] ?? '–'}</small>
          </button>
        ))}
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
      <section class="log" tabIndex={0} aria-label={say(`group-${group}`)}>
        <table>
          <thead>
            <tr>
              <th scope="col">{say('eventTime')}</th>
              <th scope="col">{say('eventWhat')}</th>
              <th scope="col">{say('eventDetail')}</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((event) => (
              <Line key={event.number} event={event} group={group} />
            ))}
          </tbody>
        </table>
        {shown.length === 0 && <p class="hint">{say('eventsNone')}</p>}
      </section>
    </section>
  );
}

function Line({ event, group }: { readonly event: LoggedEvent; readonly group: EventGroup }) {
  const { say, locale } = useSay();
  const time = new Date(event.epochSeconds * 1_000);
  const at = time.toLocaleString(locale, { timeZone: 'UTC', dateStyle: 'short', timeStyle: 'medium' });
  return (
    <tr>
      <td class="digits">
        <time dateTime={time.toISOString()}>{at}</time>
      </td>
      <td>
        {event.name === undefined ? say('unknownEvent', { code: event.code }) : say(`event-${event.name}`)}
      </td>
      <td>{detailOf(event, group, say)}</td>
    </tr>
  );
}

/** Tampers begin and end, a decision has its cause; of the others the detail is a number, and 0 says nothing. */
function detailOf(
  { name, detail }: LoggedEvent,
  group: EventGroup,
  say: ReturnType<typeof useSay>['say'],
): string {
  const isStretch = group === 'tamper' && name !== 'lockedOut' && name !== 'tamperCleared';
  if (isStretch) return say(detail === 1 ? 'begins' : 'ends');
  if (name === 'switchDecided') {
    const command = SWITCH_COMMANDS[detail - 1];
    return command === undefined ? say('cause-productionTest') : say(`cause-${command.cause}`);
  }
  return detail === 0 ? '' : String(detail);
}
