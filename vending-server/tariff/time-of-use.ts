/** Which band of a calendar a moment belongs to, and whether a calendar names one for every minute of every year. */
import { type LocalMoment, weekdayOf } from './local-time.ts';
import type { Band, BandCalendar, DayKind, Season } from './terms.ts';

const DAY_KINDS: readonly DayKind[] = ['weekday', 'saturday', 'sunday'];
const MINUTES_PER_DAY = 1440;

/** @throws RangeError for a calendar that {@link calendarFault} finds fault with. */
export function bandAt(calendar: BandCalendar, now: LocalMoment): Band {
  const starts = seasonAt(calendar, now.day).days[dayKindOf(calendar, now.day)];
  let bandId: string | undefined;
  for (const start of starts) if (start.minute <= now.minute) bandId = start.bandId;
  const band = calendar.bands.find((each) => each.bandId === bandId);
  if (band === undefined)
    throw new RangeError(`"calendar" expected a band at minute ${now.minute}, got none`);
  return band;
}

export function dayKindOf({ specialDays }: BandCalendar, day: string): DayKind {
  const special = Object.hasOwn(specialDays, day) ? specialDays[day] : undefined;
  if (special !== undefined) return special;
  const weekday = weekdayOf(day);
  return weekday === 0 ? 'sunday' : weekday === 6 ? 'saturday' : 'weekday';
}

function seasonAt({ seasons }: BandCalendar, day: string): Season {
  const date = day.slice(5);
  // Before the first season of the year the last one still runs.
  const season = seasons.filter(({ begins }) => begins <= date).at(-1) ?? seasons.at(-1);
  if (season === undefined) throw new RangeError('"seasons" expected at least one, got none');
  return season;
}

/** @returns what is wrong with a calendar in a few words, undefined for one that covers all time. */
export function calendarFault({ bands, seasons }: BandCalendar): string | undefined {
  const names = new Set(bands.map(({ bandId }) => bandId));
  if (names.size !== bands.length) return 'two bands have one id';
  if (seasons.length === 0) return 'there is no season';
  const begins = seasons.map((season) => season.begins);
  if (begins.some((date, index) => index > 0 && date <= (begins[index - 1] ?? '')))
    return 'seasons do not rise';
  for (const { days } of seasons) {
    for (const kind of DAY_KINDS) {
      const starts = days[kind];
      if (starts[0]?.minute !== 0) return `no band at the beginning of a ${kind}`;
      if (starts.some(({ bandId }) => !names.has(bandId))) return `a ${kind} names a band that is not there`;
      const rise = starts.every(
        ({ minute }, index) => index === 0 || minute > (starts[index - 1]?.minute ?? 0),
      );
      if (!rise || starts.some(({ minute }) => minute >= MINUTES_PER_DAY))
        return `bands of a ${kind} do not rise`;
    }
  }
  return undefined;
}
