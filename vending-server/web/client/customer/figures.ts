/** How this page writes days, months and prices. */

/** @param day - 'YYYY-MM-DD', a day of the calendar and of no time zone. */
export function showDay(day: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' }).format(
    new Date(`${day}T12:00Z`),
  );
}

/** @param month - 'YYYY-MM'. */
export function showMonth(month: string, locale: string): string {
  const format = new Intl.DateTimeFormat(locale, { month: 'short', year: 'numeric', timeZone: 'UTC' });
  return format.format(new Date(`${month}-15T12:00Z`));
}

/** A moment where the utility is. */
export function showMoment(moment: string, timeZone: string, locale: string): string {
  const format = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone });
  return format.format(new Date(moment));
}

/** A price a kWh: more digits than money has, none of them lost, and no more than it needs. */
export function showPrice(pricePerKwh: string, currency: string, locale: string): string {
  const trimmed = pricePerKwh.replace(/(\.\d\d\d*?)0+$/, '$1');
  const places = Math.max(2, trimmed.split('.')[1]?.length ?? 0);
  const format = new Intl.NumberFormat(locale, {
    style: 'currency',
    currency,
    currencyDisplay: 'narrowSymbol',
    minimumFractionDigits: Math.min(places, 12),
    maximumFractionDigits: Math.min(places, 12),
  });
  return format.format(trimmed as `${number}`);
}

/** Decimal text in the digits of the language. */
export function showDecimal(decimal: string, locale: string): string {
  const places = decimal.split('.')[1]?.length ?? 0;
  return new Intl.NumberFormat(locale, {
    minimumFractionDigits: places,
    maximumFractionDigits: places,
  }).format(decimal as `${number}`);
}

/** The months from the first to the last, also those without a purchase: at most so many, the newest. */
export function withEmptyMonths<M extends { readonly month: string }>(
  months: readonly M[],
  empty: (month: string) => M,
  most: number,
): readonly M[] {
  const first = months[0]?.month;
  const last = months.at(-1)?.month;
  if (first === undefined || last === undefined) return [];
  const held = new Map(months.map((month) => [month.month, month]));
  const all: M[] = [];
  for (let number = numberOf(last); number >= numberOf(first) && all.length < most; number -= 1) {
    const month = `${String(Math.floor(number / 12)).padStart(4, '0')}-${String((number % 12) + 1).padStart(2, '0')}`;
    all.push(held.get(month) ?? empty(month));
  }
  return all;
}

function numberOf(month: string): number {
  return Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7)) - 1;
}
