/** Telling of a meter on which little is left: the utility's webhooks always, the customer as he chose it, if he did. */
import { StsFault } from '../../lib/faults.ts';
import { parseMeterNumber } from '../../lib/identity/meter-pan.ts';
import type { Language } from '../language/catalogue.ts';
import type { Notifying } from '../notify/context.ts';
import {
  type Contact,
  type LowBalance,
  lowBalanceNotifications,
  type Telling,
} from '../notify/notification.ts';
import type { Store } from '../store/contract.ts';
import type { LowBalanceChoice } from '../store/visit-contract.ts';
import { localMoment } from '../tariff/local-time.ts';
import { findTerms } from './find-tariff.ts';

/** Whoever reads meters every hour shall not tell every hour. */
const PAUSE_MILLIS = 20 * 3600_000;
/** The day of whoever does not want to be woken, minutes since midnight. */
const DAY_FROM = 7 * 60;
const DAY_UNTIL = 21 * 60;
const QUARTER_MILLIS = 15 * 60_000;

/**
 * Tells a customer and the utility's webhooks that a meter runs low, for whoever reads meters. The same report told twice is
 * told once; a customer who has chosen when and how is told so, and no report tells him otherwise.
 * @throws StsFault `meter_number_malformed`, `meter_number_check_digit`, `meter_unknown`.
 */
export async function reportLowBalance(
  { outbox, endpoints, clock, wake }: Notifying,
  store: Store,
  report: { requestId: string; meter: string; balanceDeciKwh: number; sendTo?: Contact | undefined },
  language: Language,
): Promise<number> {
  const { meterPan, drn } = parseMeterNumber(report.meter);
  const meter = await store.findMeter(meterPan);
  if (meter === undefined) throw new StsFault('meter_unknown');
  const { requestId, balanceDeciKwh, sendTo } = report;
  const low = { requestId, meterPan, drn, balanceDeciKwh, readAt: clock.now() };
  const telling = await lowBalanceTelling(store, { ...low, tariffId: meter.tariffId }, sendTo);
  const rows = lowBalanceNotifications(low, telling, endpoints.known, language);
  await outbox.add(rows);
  wake();
  return rows.length;
}

/**
 * @param low - with the tariff of the meter, which knows the time of day there.
 * @param sendTo - as the report says it; counts where the customer has chosen nothing.
 */
async function lowBalanceTelling(
  store: Pick<Store, 'visits' | 'customers' | 'findTariff'>,
  low: LowBalance & { readonly tariffId: string },
  sendTo: Contact | undefined,
): Promise<Telling> {
  const { meterPan, requestId, balanceDeciKwh, readAt: at } = low;
  const choice = await store.visits.findChoice(meterPan);
  if (choice === undefined) return { contact: sendTo, dueAt: at };
  const untold: Telling = { contact: undefined, dueAt: at };
  if (!choice.isTold || balanceDeciKwh > choice.belowDeciKwh) return untold;
  const contact = await contactOf(store, choice);
  if (contact === undefined) return untold;
  const told = { meterPan, requestId, at, pauseFrom: at - PAUSE_MILLIS };
  if (!(await store.visits.tellLowBalance(told))) return untold;
  if (!choice.byDay) return { contact, dueAt: at };
  const { terms } = await findTerms(store, low.tariffId, at);
  return { contact, dueAt: nextDaytime(at, terms.timeZone) };
}

async function contactOf(
  { customers }: Pick<Store, 'customers'>,
  { meterPan, channel, target, language }: LowBalanceChoice,
): Promise<Contact | undefined> {
  const registered = target === null ? await customers.find(meterPan) : undefined;
  const to = target ?? (channel === 'sms' ? registered?.phone : registered?.email) ?? undefined;
  if (to === undefined) return undefined;
  const spoken = { language: language as Language };
  return channel === 'sms' ? { phone: to, ...spoken } : { email: to, ...spoken };
}

/** This moment, or the first quarter of an hour of the next day there. */
function nextDaytime(at: number, timeZone: string): number {
  const isDay = (moment: number) => {
    const { minute } = localMoment(moment, timeZone);
    return minute >= DAY_FROM && minute < DAY_UNTIL;
  };
  let moment = at;
  while (!isDay(moment)) moment = (Math.floor(moment / QUARTER_MILLIS) + 1) * QUARTER_MILLIS;
  return moment;
}
