/** When and how a customer is told that little is left on the meter: as he chose it, if he did. */
import type { Language } from '../language/catalogue.ts';
import type { Store } from '../store/contract.ts';
import type { LowBalanceChoice } from '../store/visit-contract.ts';
import { localMoment } from '../tariff/local-time.ts';
import { findTerms } from '../vending/find-tariff.ts';
import type { Contact, LowBalance, Telling } from './notification.ts';

/** Whoever reads meters every hour shall not tell every hour. */
const PAUSE_MILLIS = 20 * 3600_000;
/** The day of whoever does not want to be woken, minutes since midnight. */
const DAY_FROM = 7 * 60;
const DAY_UNTIL = 21 * 60;
const QUARTER_MILLIS = 15 * 60_000;

/**
 * @param low - with the tariff of the meter, which knows the time of day there.
 * @param sendTo - as the report says it; counts where the customer has chosen nothing.
 */
export async function lowBalanceTelling(
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
