/**
 * What is sold, minute by minute, for whoever watches: the last hour and the day so far. A minute that is settled is added up
 * once and remembered, so that a look reads the sales of the last moments alone, however many a year has.
 */
import { type Clock, latestOf } from '../clock.ts';
import { timeZoneOf } from '../people/settings.ts';
import type { Store } from '../store/contract.ts';
import type { MinuteSales } from '../store/money-contract.ts';
import { localMoment } from '../tariff/local-time.ts';
import { HOUSE_CURRENCY } from './house.ts';
import { spanOfDay } from './local-days.ts';

/** Sales of one currency, less what went back in the same span. */
export interface Sold {
  readonly currency: string;
  readonly sales: number;
  readonly reversals: number;
  readonly paidMinor: number;
  readonly amountDeciKwh: number;
}

export interface Minute {
  /** When it begins. */
  readonly at: number;
  readonly sold: readonly Sold[];
  /** Sales that this server refused by name, and those that failed in it. */
  readonly refused: number;
  readonly failed: number;
}

export interface SalesNow {
  readonly at: number;
  /** 'YYYY-MM-DD' in the utility's time zone. */
  readonly day: string;
  readonly timeZone: string;
  /** The last hour, the earliest first; the last of them is not over. */
  readonly minutes: readonly Minute[];
  readonly today: readonly Sold[];
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SHOWN_MINUTES = 60;
/** A sale becomes durable within moments of its time; a server that answers nobody any more has given up by then. */
const SETTLED_MILLIS = 2 * MINUTE;
/** Whoever looks at the same moment sees the same. */
const SHARED_MILLIS = 1000;

interface Refused {
  refused: number;
  failed: number;
}

export class SalesWatch {
  readonly #store: Store;
  readonly #clock: Clock;
  /** By the beginning of the minute. */
  readonly #minutes = new Map<number, readonly MinuteSales[]>();
  readonly #refused = new Map<number, Refused>();
  /** What is remembered holds from here on … */
  #from = 0;
  /** … and is final before this moment. */
  #settled = 0;
  #look: { readonly at: number; readonly found: Promise<SalesNow> } | undefined;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** A sale that this server did not make. @param status - of its answer. */
  refused(status: number): void {
    const minute = minuteOf(latestOf(this.#clock));
    let held = this.#refused.get(minute);
    if (held === undefined) {
      held = { refused: 0, failed: 0 };
      this.#refused.set(minute, held);
      for (const old of this.#refused.keys()) if (old < minute - HOUR) this.#refused.delete(old);
    }
    held[status < 500 ? 'refused' : 'failed'] += 1;
  }

  now(): Promise<SalesNow> {
    const at = this.#clock.now();
    if (this.#look !== undefined && Math.abs(at - this.#look.at) < SHARED_MILLIS) return this.#look.found;
    // One look after the other: they share what is remembered.
    const before = this.#look?.found.catch(() => undefined) ?? Promise.resolve();
    const found = before.then(() => this.#find(at));
    this.#look = { at, found };
    found.catch(() => {
      this.#look = undefined;
    });
    return found;
  }

  async #find(at: number): Promise<SalesNow> {
    const timeZone = await timeZoneOf({ store: this.#store });
    const { day } = localMoment(at, timeZone);
    const midnight = spanOfDay(day, timeZone).from;
    const first = minuteOf(at) - (SHOWN_MINUTES - 1) * MINUTE;
    await this.#read(Math.min(first, minuteOf(midnight)), at);
    const minutes = Array.from({ length: SHOWN_MINUTES }, (_, index): Minute => {
      const minute = first + index * MINUTE;
      const { refused, failed } = this.#refused.get(minute) ?? { refused: 0, failed: 0 };
      return { at: minute, sold: soldOf(this.#minutes.get(minute) ?? []), refused, failed };
    });
    const ofToday = [...this.#minutes].filter(([minute]) => minute >= midnight).flatMap(([, rows]) => rows);
    return { at, day, timeZone, minutes, today: soldOf(ofToday) };
  }

  /** Hour by hour, so that sales go on between. */
  async #read(from: number, at: number): Promise<void> {
    if (from < this.#from || this.#settled < from || this.#settled > at) {
      this.#minutes.clear();
      this.#settled = from;
    }
    this.#from = from;
    for (const minute of this.#minutes.keys()) if (minute < from) this.#minutes.delete(minute);
    // Another server's clock may be ahead of this one's.
    const end = at + SETTLED_MILLIS;
    for (let start = this.#settled; start < end; start += HOUR) {
      const rows = await this.#store.money.salesByMinute(start, Math.min(start + HOUR, end));
      for (const minute of this.#minutes.keys())
        if (minute >= start && minute < start + HOUR) this.#minutes.delete(minute);
      for (const row of rows) this.#minutes.set(row.minute, [...(this.#minutes.get(row.minute) ?? []), row]);
    }
    this.#settled = Math.max(from, minuteOf(at - SETTLED_MILLIS));
  }
}

function minuteOf(at: number): number {
  return at - (at % MINUTE);
}

/** What the utility gives without money has no currency. */
function soldOf(rows: readonly MinuteSales[]): readonly Sold[] {
  const sums = new Map<string, { -readonly [figure in keyof Sold]: Sold[figure] }>();
  for (const { currency, sales, reversals, paidMinor, amountDeciKwh } of rows) {
    if (currency === HOUSE_CURRENCY) continue;
    const sum = sums.get(currency) ?? { currency, sales: 0, reversals: 0, paidMinor: 0, amountDeciKwh: 0 };
    sum.sales += sales;
    sum.reversals += reversals;
    sum.paidMinor += paidMinor;
    sum.amountDeciKwh += amountDeciKwh;
    sums.set(currency, sum);
  }
  return [...sums.values()].sort((left, right) => (left.currency < right.currency ? -1 : 1));
}
