/** Moments by the clock of a tariff's time zone, which decides when a version begins, wherever the page is read. */

/** Milliseconds by which the zone's clock is ahead of UTC at a moment. */
function aheadAt(at: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  }).formatToParts(at);
  const of = (type: string) => Number(parts.find((part) => part.type === type)?.value);
  const wall = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'));
  return wall - Math.floor(at / 60_000) * 60_000;
}

/** @param wall - '2026-12-01T00:00', as a field for a moment has it. @returns ISO 8601 UTC; undefined for what is none. */
export function momentIn(wall: string, timeZone: string): string | undefined {
  const asUtc = Date.parse(`${wall}Z`);
  if (Number.isNaN(asUtc)) return undefined;
  // The first guess may lie on the other side of a change of the clock: the second does not.
  const guess = asUtc - aheadAt(asUtc, timeZone);
  return new Date(asUtc - aheadAt(guess, timeZone)).toISOString();
}

/** The first midnight of a month after this moment, as a field for a moment has it: when tariffs like to begin. */
export function nextMonthIn(at: number, timeZone: string): string {
  const wall = new Date(at + aheadAt(at, timeZone));
  const next = new Date(Date.UTC(wall.getUTCFullYear(), wall.getUTCMonth() + 1, 1));
  return next.toISOString().slice(0, 16);
}

export function showIn(iso: string, timeZone: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone }).format(
    new Date(iso),
  );
}
