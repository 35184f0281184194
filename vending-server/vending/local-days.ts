/** Where the days and months of the utility begin, as moments. */
import { addDays, addMonths, localMoment } from '../tariff/local-time.ts';

export interface Span {
  readonly from: number;
  /** The first moment after it. */
  readonly until: number;
}

const MINUTE = 60_000;
/** No zone is further than this from UTC. */
const FURTHEST_MINUTES = 15 * 60;

/** @param day - 'YYYY-MM-DD'. */
export function spanOfDay(day: string, timeZone: string): Span {
  return { from: startOf(day, timeZone), until: startOf(addDays(day, 1), timeZone) };
}

/** @param month - 'YYYY-MM'. */
export function spanOfMonth(month: string, timeZone: string): Span {
  return { from: startOf(`${month}-01`, timeZone), until: startOf(`${addMonths(month, 1)}-01`, timeZone) };
}

/** The first minute that the wall clock shows this day or a later one: midnight, or what stands in for it in summer time. */
function startOf(day: string, timeZone: string): number {
  const noonless = Date.parse(`${day}T00:00:00Z`);
  let before = -FURTHEST_MINUTES;
  let reached = FURTHEST_MINUTES;
  while (reached - before > 1) {
    const middle = Math.floor((before + reached) / 2);
    if (localMoment(noonless + middle * MINUTE, timeZone).day >= day) reached = middle;
    else before = middle;
  }
  return noonless + reached * MINUTE;
}
