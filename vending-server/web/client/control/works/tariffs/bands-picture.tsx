import { useSay } from './speech.ts';
import type { Calendar, DayKind } from './terms.ts';

const DAYS: readonly DayKind[] = ['weekday', 'saturday', 'sunday'];
const DAY_MINUTES = 1440;

/** The days of each season as strips of their bands; the legend has the prices. */
export function BandsPicture({ calendar }: { readonly calendar: Calendar }) {
  const { say } = useSay();
  const { bands, seasons } = calendar;
  const bandClass = (bandId: string) => `band-${bands.findIndex((band) => band.bandId === bandId) % 4}`;
  return (
    <figure class="bands">
      <figcaption class="hint">{say('bandsPicture')}</figcaption>
      {seasons.map(({ begins, days }) => (
        <div key={begins}>
          {seasons.length > 1 && <p>{say('season', { begins })}</p>}
          {DAYS.map((day) => (
            <div key={day} class="strip">
              <span>{say(`day_${day}`)}</span>
              <span class="progress" role="img" aria-label={stripWords(days[day])}>
                {days[day].map(({ minute, bandId }, index) => (
                  <span
                    key={minute}
                    class={bandClass(bandId)}
                    style={{ flexGrow: (days[day][index + 1]?.minute ?? DAY_MINUTES) - minute }}
                  />
                ))}
              </span>
            </div>
          ))}
        </div>
      ))}
      <ul class="legend">
        {bands.map(({ bandId, label, pricePerKwh: price }) => (
          <li key={bandId}>
            <span class={`swatch ${bandClass(bandId)}`} aria-hidden="true" />{' '}
            {say('bandPrice', { label, price })}
          </li>
        ))}
      </ul>
    </figure>
  );

  function stripWords(starts: readonly { readonly minute: number; readonly bandId: string }[]): string {
    return starts
      .map(({ minute, bandId }) => {
        const label = bands.find((band) => band.bandId === bandId)?.label ?? bandId;
        return `${Math.floor(minute / 60)}:${String(minute % 60).padStart(2, '0')} ${label}`;
      })
      .join(', ');
  }
}
