/** How moments and numbers are written. */

/** Date and minute. */
export function showMoment(iso: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(iso));
}

/** Of ends that lie years away the day is enough. */
export function showDay(iso: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium' }).format(new Date(iso));
}

export function showCount(count: number, locale: string): string {
  return new Intl.NumberFormat(locale).format(count);
}

/** `14` is 2014: the year says more than the code. */
export function showBaseDate(baseDate: string): string {
  return baseDate === '93' ? '1993' : `20${baseDate}`;
}
