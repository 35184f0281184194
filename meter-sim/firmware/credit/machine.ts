/**
 * The transitions of the credit: plain state in, plain state out, time and band as arguments. Every transition ends in
 * {@link settled}, which alone decides when a friendly window holds the supply and when a key press is needed.
 */
import { invariant } from '../../../lib/assert.ts';
import * as account from './account.ts';
import { type FriendlyMoment, friendlyAt, NEVER_FRIENDLY } from './friendly.ts';
import { epochOf, firstDayOf, localDay, monthOf } from './local-day.ts';
import type { AccountTerms, CreditMode, CreditOptions, CreditState } from './state.ts';
import { chargeOf, energyFor, type Tariff } from './tariff.ts';

/** The account that is charged. */
export function accountInUse(state: CreditState): account.Account {
  return state.mode === 'kilowattHour' ? state.energy : state.money;
}

export function termsInUse(state: CreditState, options: CreditOptions): AccountTerms {
  return state.mode === 'kilowattHour' ? options.kilowattHour : options.currency;
}

export function tariffInForce(state: CreditState, { tariffs }: CreditOptions): Tariff {
  const tariff = tariffs[Math.min(state.tariff, tariffs.length - 1)];
  invariant(tariff !== undefined, 'there is a tariff');
  return tariff;
}

/** Whether the supply may be on, a missing key press left aside: with credit, or held by a friendly window. */
export function hasSupply(state: CreditState): boolean {
  return accountInUse(state).balance > 0 || state.friendlyUntilSeconds > 0;
}

/** Energy that flowed. In currency mode it costs what the tariff in force says for the band and the month. */
export function chargeEnergy(
  state: CreditState,
  milliWh: number,
  now: { readonly band: number; readonly friendly: FriendlyMoment },
  options: CreditOptions,
): CreditState {
  if (state.mode === 'kilowattHour') {
    const energy = account.charge(state.energy, milliWh);
    return settled(state, charged(state, energy, state.money, state), now.friendly, options);
  }
  const cost = chargeOf(tariffInForce(state, options).energy, now.band, state, milliWh);
  const money = account.charge(state.money, cost.money);
  return settled(state, charged(state, state.energy, money, cost), now.friendly, options);
}

/** Field by field, as in {@link account.charge}. */
function charged(
  state: CreditState,
  energy: account.Account,
  money: account.Account,
  cost: Pick<CreditState, 'remainder' | 'monthMilliWh'>,
): CreditState {
  return {
    mode: state.mode,
    energy,
    money,
    remainder: cost.remainder,
    month: state.month,
    monthMilliWh: cost.monthMilliWh,
    settledDay: state.settledDay,
    tariff: state.tariff,
    mutedUntilSeconds: state.mutedUntilSeconds,
    friendlyUntilSeconds: state.friendlyUntilSeconds,
    awaitsKey: state.awaitsKey,
  };
}

/** Energy until the credit is gone, mWh, at least 1; Infinity where it is gone already or energy is free. */
export function milliWhLeft(state: CreditState, band: number, options: CreditOptions): number {
  const { balance } = accountInUse(state);
  if (balance <= 0) return Number.POSITIVE_INFINITY;
  return milliWhFor(state, band, balance, options);
}

/** Energy that changes the account in use by `units`, mWh, at least 1; Infinity where energy is free. */
export function milliWhFor(state: CreditState, band: number, units: number, options: CreditOptions): number {
  if (state.mode === 'kilowattHour') return units;
  return energyFor(tariffInForce(state, options).energy, band, state, units);
}

/** A token's credit, in the unit of its account; only money may be below zero. */
export function acceptCredit(
  state: CreditState,
  credit: { readonly milliWh: number; readonly money: number },
  friendly: FriendlyMoment,
  options: CreditOptions,
): CreditState {
  const energy = credit.milliWh === 0 ? state.energy : account.accept(state.energy, credit.milliWh);
  const money = credit.money === 0 ? state.money : account.accept(state.money, credit.money);
  return settled(state, { ...state, energy, money }, friendly, options);
}

export function clearCredit(
  state: CreditState,
  cleared: { readonly energy: boolean; readonly money: boolean },
  friendly: FriendlyMoment,
  options: CreditOptions,
): CreditState {
  const energy = cleared.energy ? account.clear(state.energy) : state.energy;
  const money = cleared.money ? account.clear(state.money) : state.money;
  const remainder = cleared.money ? 0 : state.remainder;
  const after = { ...state, energy, money, remainder };
  const isTaken = state.mode === 'kilowattHour' ? cleared.energy : cleared.money;
  if (!isTaken) return settled(state, after, friendly, options);
  // What was taken away on purpose is not what a friendly window keeps on.
  const off = { ...after, friendlyUntilSeconds: 0 };
  return settled(off, off, friendly, options);
}

/** Whether a token is too small for what is owed, where the make of meter minds (`Account Low`). */
export function isTooSmall(
  state: CreditState,
  credit: { readonly milliWh: number; readonly money: number },
  options: CreditOptions,
): boolean {
  if (options.minimumPurchase === 'any') return false;
  const amount = state.mode === 'kilowattHour' ? credit.milliWh : credit.money;
  const owed = account.owedCredit(accountInUse(state));
  return amount > 0 && owed > 0 && amount <= owed;
}

/** The grant that could be taken now; 0 where there is none to take. */
export function emergencyOffer(state: CreditState, options: CreditOptions): number {
  const { emergency } = termsInUse(state, options);
  const inUse = accountInUse(state);
  if (emergency === undefined || inUse.emergency > 0) return 0;
  const isNew = inUse.accepted === 0 && inUse.cleared === 0;
  const limit = isNew ? emergency.initialLimit : emergency.limit;
  const paid = account.paidCredit(inUse);
  // A grant that what is owed would swallow whole keeps no light on.
  return paid <= emergency.threshold && paid + limit > 0 ? limit : 0;
}

/** Takes what is offered; the same state where nothing is. */
export function takeEmergency(
  state: CreditState,
  friendly: FriendlyMoment,
  options: CreditOptions,
): CreditState {
  const offer = emergencyOffer(state, options);
  if (offer === 0) return state;
  const granted = account.grant(accountInUse(state), offer);
  const next = state.mode === 'kilowattHour' ? { ...state, energy: granted } : { ...state, money: granted };
  return settled(state, next, friendly, options);
}

/** The key press that lets the supply come back. */
export function confirmReconnection(state: CreditState): CreditState {
  return state.awaitsKey && hasSupply(state) ? { ...state, awaitsKey: false } : state;
}

export function muteAlarm(
  state: CreditState,
  nowSeconds: number,
  { muteSeconds }: CreditOptions,
): CreditState {
  return { ...state, mutedUntilSeconds: nowSeconds + muteSeconds };
}

/** The account of the other mode stands still until the mode comes back; days before the change cost nothing. */
export function changeMode(
  state: CreditState,
  mode: CreditMode,
  nowSeconds: number,
  options: CreditOptions,
): CreditState {
  if (mode === state.mode) return state;
  const settledDay = Math.max(state.settledDay, localDay(nowSeconds, options.offsetMinutes));
  return settled(state, { ...state, mode, settledDay }, NEVER_FRIENDLY, options);
}

/**
 * Time has passed: daily charges fall due, a month ends, a tariff comes into force, a window opens or closes. Called at the
 * seconds that {@link nextChange} names, and once after power-up for all that went by in the dark.
 */
export function passTime(state: CreditState, nowSeconds: number, options: CreditOptions): CreditState {
  const { offsetMinutes } = options;
  const today = localDay(nowSeconds, offsetMinutes);
  let next = passDays(state, today, options);
  next = { ...next, tariff: tariffAt(next.tariff, nowSeconds, options) };
  const month = monthOf(today);
  if (next.month !== month) next = { ...next, month, monthMilliWh: 0 };
  // A clock that was set back must not keep the alarm silent for longer than it can be asked to be.
  const latest = nowSeconds + options.muteSeconds;
  const muted = Math.min(next.mutedUntilSeconds, latest);
  next = { ...next, mutedUntilSeconds: muted > nowSeconds ? muted : 0 };
  next = windowPassed(next, nowSeconds, options);
  return settled(next, next, friendlyAt(options.friendly, nowSeconds, offsetMinutes), options);
}

/** The clock was put right: what it jumped over is not a bill, and what it repeats was paid. */
export function clockSet(state: CreditState, nowSeconds: number, options: CreditOptions): CreditState {
  const settledDay = Math.max(state.settledDay, localDay(nowSeconds, options.offsetMinutes));
  return passTime({ ...state, settledDay }, nowSeconds, options);
}

/** The clock has lost its time: no window is known to be open, and nothing falls due until it is set. */
export function clockLost(state: CreditState, options: CreditOptions): CreditState {
  return settled(state, state, NEVER_FRIENDLY, options);
}

/** RTC seconds of the next moment at which time alone changes anything; Infinity for never. */
export function nextChange(state: CreditState, nowSeconds: number, options: CreditOptions): number {
  const { offsetMinutes, friendly, tariffs } = options;
  let next = friendlyAt(friendly, nowSeconds, offsetMinutes).untilSeconds;
  if (state.mutedUntilSeconds > nowSeconds) next = Math.min(next, state.mutedUntilSeconds);
  if (state.mode === 'kilowattHour') return next;
  const today = localDay(nowSeconds, offsetMinutes);
  const tariff = tariffInForce(state, options);
  if (tariff.dailyCharge > 0) next = Math.min(next, epochOf(today + 1, 0, offsetMinutes));
  if (tariff.energy.kind === 'blocks') {
    next = Math.min(next, epochOf(firstDayOf(monthOf(today) + 1), 0, offsetMinutes));
  }
  const passive = tariffs[state.tariff + 1];
  return passive === undefined ? next : Math.min(next, Math.max(passive.fromSeconds, nowSeconds + 1));
}

/** Each midnight since the last that was settled, by the tariff and the friendly hours that held then. */
function passDays(state: CreditState, today: number, options: CreditOptions): CreditState {
  if (state.settledDay === 0 || state.mode === 'kilowattHour') {
    return { ...state, settledDay: Math.max(state.settledDay, today) };
  }
  const { offsetMinutes } = options;
  let next = state;
  for (let day = Math.max(state.settledDay, today - options.catchUpDays) + 1; day <= today; day++) {
    const midnight = epochOf(day, 0, offsetMinutes);
    next = windowPassed(next, midnight, options);
    next = { ...next, settledDay: day, tariff: tariffAt(next.tariff, midnight, options) };
    const { dailyCharge } = tariffInForce(next, options);
    if (dailyCharge === 0) continue;
    const friendly = friendlyAt(options.friendly, midnight, offsetMinutes);
    next = settled(next, next, friendly, options);
    if (!isCollected(next, options)) continue;
    const charged = { ...next, money: account.charge(next.money, dailyCharge) };
    next = settled(next, charged, friendly, options);
  }
  return next;
}

function isCollected(state: CreditState, { dailyCharge }: CreditOptions): boolean {
  if (state.friendlyUntilSeconds > 0) return dailyCharge.whileFriendly;
  return dailyCharge.whileOff || accountInUse(state).balance > 0;
}

/** A window that ended, also in the dark, holds nothing any more. */
function windowPassed(state: CreditState, nowSeconds: number, options: CreditOptions): CreditState {
  const hasEnded = state.friendlyUntilSeconds > 0 && state.friendlyUntilSeconds <= nowSeconds;
  return hasEnded ? settled(state, state, NEVER_FRIENDLY, options) : state;
}

function tariffAt(present: number, nowSeconds: number, { tariffs }: CreditOptions): number {
  let tariff = present;
  while ((tariffs[tariff + 1]?.fromSeconds ?? Number.POSITIVE_INFINITY) <= nowSeconds) tariff += 1;
  return tariff;
}

/**
 * A friendly window holds a supply that was on when the credit went, and lets go when it ends or credit comes. A supply that
 * went for want of credit waits for a key press where the make of meter wants one.
 */
function settled(
  before: CreditState,
  after: CreditState,
  { isFriendly, untilSeconds }: FriendlyMoment,
  options: CreditOptions,
): CreditState {
  const { balance, accepted } = accountInUse(after);
  const wasOn = hasSupply(before) && !before.awaitsKey && before.mode === after.mode;
  const holds = wasOn || (options.friendly?.reconnects === true && accepted > 0);
  const held =
    after.friendlyUntilSeconds > 0 ? Math.min(after.friendlyUntilSeconds, untilSeconds) : untilSeconds;
  const friendlyUntilSeconds = balance <= 0 && isFriendly && holds ? held : 0;
  const isOff = balance <= 0 && friendlyUntilSeconds === 0;
  const awaitsKey = options.reconnection === 'key' && (after.awaitsKey || isOff);
  if (friendlyUntilSeconds === after.friendlyUntilSeconds && awaitsKey === after.awaitsKey) return after;
  return { ...after, friendlyUntilSeconds, awaitsKey };
}
